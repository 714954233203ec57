/** One video in the list. */
import { fromTemplate, setText } from "./dom.js";
import { clockTime, fileName, fullTime, timeAgo, timeLeft } from "./format.js";
import { advance, restarted } from "./progress.js";
import { hasEnded, nextAction, statusName, styleName } from "./words.js";

export class Card {
	#parts;
	video;
	element;

	/** `actions` is {play(card), remove(card), act(card, question)}. */
	constructor(video, actions) {
		const { root, parts } = fromTemplate("card-template");
		this.element = root;
		root.dataset.videoId = video.videoId;
		root.dataset.made = new Date(video.createdAt).toISOString();
		this.#parts = parts;
		this.video = { progress: 0, ...video };

		parts.title.textContent = parts.title.title = video.title;
		parts.frame.dataset.ratio = video.aspectRatio;
		parts.bar.setAttribute("aria-label", `Progress of ${video.title}`);
		parts.play.setAttribute("aria-label", `Play ${video.title}`);
		parts.download.setAttribute("aria-label", `Download ${video.title}`);
		parts.delete.setAttribute("aria-label", `Delete ${video.title}`);
		parts.play.addEventListener("click", () => actions.play(this));
		parts.delete.addEventListener("click", () => actions.remove(this));
		parts.next.addEventListener("click", () => actions.act(this, nextAction(this.video).name));
		parts.thumbnail.addEventListener("load", () => { parts.placeholder.hidden = true; });
		parts.thumbnail.addEventListener("error", () => { parts.thumbnail.hidden = true; });
		this.#show();
	}

	/** Takes in what a list or status answer says. */
	update(news) {
		this.video = advance(this.video, news);
		this.#show();
	}

	/** Forgets what became of the film: it is made again. */
	restart(status) {
		this.video = restarted(this.video, status);
		this.#parts.thumbnail.removeAttribute("src");
		this.#parts.placeholder.hidden = false;
		this.#show();
	}

	/** Gives the keyboard focus to what can be done with the film. */
	focus() {
		(this.#parts.play.hidden ? this.#parts.delete : this.#parts.play).focus();
	}

	#show() {
		this.element.dataset.status = this.video.status;
		setText(this.#parts.status, statusName(this.video.status));
		this.#parts.draft.hidden = this.video.mode !== "draft";
		this.#showMeta();
		this.#showNext();
		this.#showProgress();
		this.#showFilm();
		this.#parts.failure.hidden = !this.video.error;
		setText(this.#parts.failure, this.video.error ?? "");
	}

	#showMeta() {
		const { style, aspectRatio, createdAt } = this.video;
		const meta = [style && styleName(style), aspectRatio, createdAt && timeAgo(createdAt)];
		setText(this.#parts.meta, meta.filter(Boolean).join(" · "));
		if (createdAt) this.#parts.meta.title = fullTime(createdAt);
	}

	#showNext() {
		const action = nextAction(this.video);
		if (!action && document.activeElement === this.#parts.next) this.focus();
		this.#parts.next.hidden = !action;
		if (!action) return;
		setText(this.#parts.next, action.label);
		this.#parts.next.setAttribute("aria-label", `${action.label}: ${this.video.title}`);
	}

	#showProgress() {
		const { status, progress, stage, etaSeconds } = this.video;
		const underWay = !hasEnded(status);
		this.#parts.progress.hidden = !underWay;
		this.#parts.bar.value = progress;
		this.#parts.icon.toggleAttribute("hidden", underWay);
		this.#parts.iconShape.setAttribute("href", status === "failed" ? "#icon-warning" : "#icon-film");
		setText(this.#parts.percent, underWay ? `${progress} %` : "");
		setText(this.#parts.stage, stage && stage !== statusName(status) ? stage : "");
		setText(this.#parts.eta, Number.isFinite(etaSeconds) ? timeLeft(etaSeconds) : "");
	}

	/** The product, faintly, for as long as there is no film to see. */
	#showPicture() {
		const { picture } = this.#parts;
		const [image] = this.video.product?.images ?? [];
		if (!image || picture.hasAttribute("src")) return;
		picture.src = image.url;
		picture.hidden = false;
		picture.addEventListener("error", () => { picture.hidden = true; });
	}

	#showFilm() {
		const { status, videoUrl, thumbnailUrl, duration, title } = this.video;
		const { play, download, thumbnail, length } = this.#parts;
		const ready = status === "completed" && Boolean(videoUrl);
		play.hidden = download.hidden = !ready;
		if (!ready) {
			this.#showPicture();
			return;
		}

		download.href = videoUrl;
		download.download = fileName(title);
		length.hidden = !duration;
		setText(length, clockTime(duration ?? 0));
		thumbnail.hidden = !thumbnailUrl;
		if (thumbnailUrl && thumbnail.getAttribute("src") !== thumbnailUrl) thumbnail.src = thumbnailUrl;
	}
}
