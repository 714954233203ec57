/**
 * Follows the videos under way: one loop asks for the status of each about once a second, more slowly while nobody
 * looks or the server is in trouble.
 */
import { videoStatus } from "./api.js";
import { hasEnded } from "./words.js";

const PERIOD_MS = 1000;
const HIDDEN_PERIOD_MS = 15000;
const SLOWEST_MS = 30000;
const AT_ONCE = 6;

/** What a status means by leaving it out. */
const NOTHING_YET = { stage: undefined, etaSeconds: undefined, error: undefined, pause: undefined, mode: "full" };

/**
 * What is known of a video after some news, which may be older: while it is made once, progress never goes back and
 * completed stays. Lists say by a higher revision that it is made again.
 */
export function advance(known, news) {
	const older = (known.revision ?? 0) - (news.revision ?? known.revision ?? 0);
	if (older > 0) return known;
	if (older < 0) return { ...restarted(known, news), revision: news.revision };
	if (known.status === "completed" && news.status !== "completed") return known;
	const progress = Math.max(known.progress ?? 0, news.progress ?? 0);
	return { ...known, ...NOTHING_YET, ...news, progress };
}

/** What is known of a video that was asked to be made again, or to go on. */
export function restarted(known, news) {
	return { ...known, ...NOTHING_YET, videoUrl: undefined, thumbnailUrl: undefined, duration: undefined, ...news };
}

/** The loop. `onTrouble(error)` hears of a round that failed, `onTrouble(null)` of one that did not. */
export class Follower {
	#followed = new Map();
	#onTrouble;
	#timer = 0;
	#running = false;
	#failures = 0;

	constructor(onTrouble) {
		this.#onTrouble = onTrouble;
		document.addEventListener("visibilitychange", () => {
			if (!document.hidden) this.#schedule(0);
		});
	}

	/** From now on `onNews(status)` hears of this video, `onNews(null)` of its being gone; ends with the video. */
	follow(videoId, onNews) {
		this.#followed.set(videoId, onNews);
		if (!this.#timer) this.#schedule(PERIOD_MS);
	}

	forget(videoId) {
		this.#followed.delete(videoId);
	}

	forgetAll() {
		this.#followed.clear();
	}

	#schedule(delayMs) {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#round(), delayMs);
	}

	async #round() {
		if (this.#running) return;
		this.#running = true;
		const trouble = await this.#askAll();
		this.#running = false;

		if (trouble || this.#failures) this.#onTrouble(trouble);
		this.#failures = trouble ? this.#failures + 1 : 0;
		this.#timer = 0;
		if (this.#followed.size) this.#schedule(this.#pause(trouble));
	}

	#pause(trouble) {
		const usual = document.hidden ? HIDDEN_PERIOD_MS : PERIOD_MS;
		if (!trouble) return usual;
		return Math.max(usual, trouble.retryAfterMs, Math.min(SLOWEST_MS, PERIOD_MS * 2 ** this.#failures));
	}

	/** Asks for every video, a few at once; the last trouble or null. Trouble that may pass ends the round. */
	async #askAll() {
		const waiting = [...this.#followed.keys()].values();
		let trouble = null;
		const worker = async () => {
			for (const videoId of waiting) {
				if (trouble?.temporary) return;
				trouble = (await this.#ask(videoId)) ?? trouble;
			}
		};
		await Promise.all(Array.from({ length: AT_ONCE }, worker));
		return trouble;
	}

	/** Asks for one video and passes the news on; what went wrong, or null. */
	async #ask(videoId) {
		const tell = (news) => this.#followed.get(videoId)?.(news);
		try {
			const news = await videoStatus(videoId);
			tell(news);
			if (hasEnded(news.status)) this.forget(videoId);
			return null;
		} catch (error) {
			if (error.status !== 404) return error;
			tell(null);
			this.forget(videoId);
			return null;
		}
	}
}
