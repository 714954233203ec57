/** The dialog that asks before a video is deleted, and deletes it. */
import { deleteVideo } from "./api.js";
import { announce, byId, clearProblem, makeClosable, showProblem } from "./dom.js";
import { hasEnded } from "./words.js";

const dialog = byId("confirm");
const form = byId("confirm-form");
const button = byId("confirm-delete");
const problem = byId("confirm-problem");

let asked; // {video, onDeleted} while the dialog is open

/** Asks whether the video shall go; calls `onDeleted` when it has gone. */
export function askToDelete(video, onDeleted) {
	asked = { video, onDeleted };
	byId("confirm-text").textContent = hasEnded(video.status)
		? `“${video.title}” and its files will be deleted. This cannot be undone.`
		: `“${video.title}” is still being made. Deleting it stops the work and cannot be undone.`;
	clearProblem(problem);
	dialog.showModal();
}

/** Deletes the video; one that is gone already is as good as deleted. */
async function remove({ video, onDeleted }) {
	button.disabled = true;
	clearProblem(problem);
	try {
		await deleteVideo(video.videoId).catch((error) => {
			if (error.status !== 404) throw error;
		});
		dialog.close();
		onDeleted();
		announce(`${video.title} was deleted.`);
	} catch (error) {
		showProblem(problem, error);
	}
	button.disabled = false;
}

makeClosable(dialog);

form.addEventListener("submit", (event) => {
	event.preventDefault();
	remove(asked);
});
