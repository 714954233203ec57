/** The videos of one store, newest first. */
import { listVideos } from "./api.js";
import { Card } from "./card.js";
import { announce, byId, clearProblem, emptyView, fromTemplate, showProblem } from "./dom.js";
import { count } from "./format.js";
import { hasEnded, statusName } from "./words.js";

const PAGE = 24;
const REFRESH_MS = 15000;
const SKELETONS = 4;

export class VideoList {
	#follower;
	#actions;
	#storeId;
	#total = 0;
	#cards = new Map();
	#gone = new Set(); // deleted here; an answer that was under way then may still name them
	#opened = new AbortController();

	/** `actions` is {play(card), remove(card), act(card, question), make(), onTrouble(error or null)}. */
	constructor(follower, actions) {
		this.#follower = follower;
		this.#actions = actions;
		byId("more").addEventListener("click", () => this.#load(this.#cards.size));
		setInterval(() => this.refresh(), REFRESH_MS);
		document.addEventListener("visibilitychange", () => this.refresh());
	}

	/** Shows another store's videos. */
	async open(storeId) {
		this.close();
		this.#storeId = storeId;
		byId("cards").replaceChildren(...Array.from({ length: SKELETONS }, () => fromTemplate("skeleton-template").root));
		await this.#load(0);
	}

	/** Takes no answer any more and shows nothing but `view`. */
	close(view = "") {
		this.#opened.abort();
		this.#opened = new AbortController();
		this.#follower.forgetAll();
		this.#cards.clear();
		this.#storeId = undefined;
		byId("cards").replaceChildren(view);
		byId("more").hidden = true;
		byId("videos").setAttribute("aria-busy", "false");
		byId("subheading").textContent = "";
		clearProblem(byId("list-problem"));
	}

	/** Takes in what is new at the front. */
	async refresh() {
		const { signal } = this.#opened;
		if (!this.#storeId || document.hidden) return;
		try {
			this.#take(await listVideos(this.#storeId, PAGE, 0, signal));
			this.#actions.onTrouble(null);
		} catch (error) {
			if (!signal.aborted) this.#actions.onTrouble(error);
		}
	}

	/** Brings a video into view. */
	show(videoId) {
		this.#cards.get(videoId)?.element.scrollIntoView({ block: "nearest" });
	}

	/** Follows a video that was asked to be made again, to go on or to stop; the list has the rest of it. */
	async restart(videoId, status) {
		const card = this.#cards.get(videoId);
		card?.restart(status);
		await this.refresh();
	}

	/** Takes a video away that is gone; the focus goes to its neighbour. */
	remove(videoId) {
		const card = this.#cards.get(videoId);
		if (!card) return;
		const others = [card.element.nextElementSibling, card.element.previousElementSibling];
		const neighbour = [...this.#cards.values()].find(({ element }) => others.includes(element));

		this.#follower.forget(videoId);
		this.#gone.add(videoId);
		this.#cards.delete(videoId);
		if (card.element.contains(document.activeElement)) (neighbour ?? byId("heading")).focus();
		card.element.remove();
		this.#total -= 1;
		this.#showRest();
		if (this.#cards.size === 0) this.refresh();
	}

	async #load(offset) {
		const { signal } = this.#opened;
		clearProblem(byId("list-problem"));
		byId("more").disabled = true;
		byId("videos").setAttribute("aria-busy", "true");
		try {
			this.#take(await listVideos(this.#storeId, PAGE, offset, signal));
		} catch (error) {
			if (signal.aborted) return;
			if (this.#cards.size === 0) byId("cards").replaceChildren();
			showProblem(byId("list-problem"), error, { retry: () => this.#load(offset) });
		}
		byId("more").disabled = false;
		byId("videos").setAttribute("aria-busy", "false");
	}

	/** One page of the server's list; pages may overlap what is shown. */
	#take({ videos, total }) {
		this.#total = total;
		for (const other of byId("cards").querySelectorAll(".skeleton, .empty")) other.remove();
		for (const video of videos) {
			if (!this.#gone.has(video.videoId)) this.#put(video);
		}
		this.#showRest();
	}

	#put(video) {
		let card = this.#cards.get(video.videoId);
		if (card) {
			card.update(video);
		} else {
			card = new Card(video, this.#actions);
			const older = [...byId("cards").children].find((other) => other.dataset.made < card.element.dataset.made);
			byId("cards").insertBefore(card.element, older ?? null);
			this.#cards.set(video.videoId, card);
		}
		if (!hasEnded(card.video.status)) this.#follower.follow(video.videoId, (news) => this.#onNews(card, news));
	}

	#onNews(card, news) {
		if (!news) {
			this.remove(card.video.videoId);
			return;
		}
		const before = card.video.status;
		card.update(news);
		if (card.video.status !== before) announce(`${card.video.title}: ${statusName(card.video.status)}`);
	}

	/** All that is not a card: the count, the way to more, the empty list. */
	#showRest() {
		byId("subheading").textContent = this.#total ? count(this.#total, "video") : "";
		byId("more").hidden = this.#cards.size === 0 || this.#cards.size >= this.#total;
		if (this.#total === 0) this.#showEmpty();
	}

	#showEmpty() {
		byId("cards").replaceChildren(emptyView({
			title: "No videos yet",
			text: "Choose a product, a style and a shape, and watch the film being made.",
			action: { name: "Make the first one", run: () => this.#actions.make() },
		}));
	}
}
