/** The dialog that plays a finished film. */
import { byId, makeClosable } from "./dom.js";
import { fileName } from "./format.js";

const dialog = byId("player");
const film = byId("player-video");
const download = byId("player-download");
const problem = byId("player-problem");

/** Captions to switch on in the player; where they are burned in, nobody wants them twice. */
function showCaptions(url) {
	film.replaceChildren();
	if (!url || new URL(url, location).origin !== location.origin) return; // a track from elsewhere is not loaded
	const track = document.createElement("track");
	Object.assign(track, { kind: "captions", label: "Captions", src: url });
	film.append(track);
}

/** Opens the dialog and starts the film. */
export function play({ title, videoUrl, thumbnailUrl, aspectRatio, captionFiles, captions }) {
	byId("player-title").textContent = title;
	download.href = videoUrl;
	download.download = fileName(title);
	problem.textContent = "";
	film.dataset.ratio = aspectRatio;
	film.poster = thumbnailUrl ?? "";
	showCaptions(captions === "none" ? captionFiles?.vttUrl : null);
	film.src = videoUrl;
	dialog.showModal();
	film.focus();
	film.play().catch(() => {}); // a browser may want a click on its own button first; failures are reported by "error"
}

makeClosable(dialog);

dialog.addEventListener("close", () => {
	film.pause();
	film.removeAttribute("src");
	film.load();
});

film.addEventListener("error", () => {
	if (film.hasAttribute("src")) problem.textContent = "The film cannot be played. It may have been deleted; try to download it.";
});
