/** The dialog that plays a finished film. */
import { byId, makeClosable } from "./dom.js";
import { fileName } from "./format.js";

const dialog = byId("player");
const film = byId("player-video");
const download = byId("player-download");
const problem = byId("player-problem");

/** Opens the dialog and starts the film. */
export function play({ title, videoUrl, thumbnailUrl, aspectRatio }) {
	byId("player-title").textContent = title;
	download.href = videoUrl;
	download.download = fileName(title);
	problem.textContent = "";
	film.dataset.ratio = aspectRatio;
	film.poster = thumbnailUrl ?? "";
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
