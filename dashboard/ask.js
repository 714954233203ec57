/** The dialog that asks before something is done with a video, and does it. */
import { cancelVideo, deleteVideo, estimateVideo, renderVideo, retryVideo } from "./api.js";
import { announce, byId, clearProblem, makeClosable, showProblem } from "./dom.js";
import { cost } from "./format.js";
import { hasEnded } from "./words.js";

/** What an order is made of; the rest of a video is what became of it. */
const ORDER = ["storeId", "productId", "title", "style", "aspectRatio", "model", "reuse", "scenes", "voiceoverScript",
	"voiceId", "voiceVolume", "musicTrackId", "musicVolume"];

async function priceOf(video) {
	const order = Object.fromEntries(ORDER.map((name) => [name, video[name]]));
	return cost(await estimateVideo({ ...order, mode: "full" }));
}

/** By name: title, text(video), what the buttons say, run(videoId) and what is said when it was done. */
const QUESTIONS = {
	delete: {
		title: "Delete this video?",
		text: ({ title, status }) => (hasEnded(status)
			? `“${title}” and its files will be deleted. This cannot be undone.`
			: `“${title}” is still being made. Deleting it stops the work and cannot be undone.`),
		no: "Keep it",
		yes: "Delete",
		danger: true,
		run: (videoId) => deleteVideo(videoId).catch((error) => {
			if (error.status !== 404) throw error; // gone already is as good as deleted
		}),
		done: "was deleted",
	},
	cancel: {
		title: "Stop this video?",
		text: ({ title }) => `“${title}” will be stopped. What was bought for it is kept, so it can go on later.`,
		no: "Let it run",
		yes: "Stop it",
		run: cancelVideo,
		done: "is being stopped",
	},
	retry: {
		title: "Try again?",
		text: ({ title }) => `“${title}” goes on with what it has. Only what is missing is made or bought.`,
		no: "Not now",
		yes: "Try again",
		run: (videoId) => retryVideo(videoId, false),
		done: "goes on",
	},
	accept: {
		title: "Go on, and perhaps pay twice?",
		text: ({ error }) => error,
		check: "Go on, also if this is charged a second time",
		no: "Leave it paused",
		yes: "Go on",
		run: (videoId) => retryVideo(videoId, true),
		done: "goes on",
	},
	render: {
		title: "Buy the real film?",
		text: async (video) => `The draft of “${video.title}” becomes a film. This ${await priceOf(video)}.`,
		no: "Keep the draft",
		yes: "Buy it",
		run: (videoId) => renderVideo(videoId, "full"),
		done: "is being made",
	},
};

const dialog = byId("confirm");
const form = byId("confirm-form");
const yes = byId("confirm-yes");
const check = byId("confirm-check");
const problem = byId("confirm-problem");

let asked; // {question, video, onDone} while the dialog is open

/** Asks one of the questions; calls `onDone(answer)` with the server's answer when it was done. */
export async function ask(name, video, onDone) {
	const question = QUESTIONS[name];
	asked = { question, video, onDone };
	clearProblem(problem);
	byId("confirm-title").textContent = question.title;
	byId("confirm-text").textContent = "";
	byId("confirm-no").textContent = question.no;
	byId("confirm-check-row").hidden = !question.check;
	byId("confirm-check-text").textContent = question.check ?? "";
	check.checked = !question.check;
	check.required = Boolean(question.check);
	yes.textContent = question.yes;
	yes.className = `button ${question.danger ? "danger" : "primary"}`;
	yes.disabled = true;
	dialog.showModal();
	await explain(asked);
}

/** Says what will happen; until that is known nothing can be done. */
async function explain(shown) {
	try {
		const text = await shown.question.text(shown.video);
		if (asked !== shown) return;
		byId("confirm-text").textContent = text;
		yes.disabled = false;
	} catch (error) {
		if (asked === shown) showProblem(problem, error, { retry: () => explain(shown) });
	}
}

async function act({ question, video, onDone }) {
	yes.disabled = true;
	clearProblem(problem);
	try {
		const answer = await question.run(video.videoId);
		dialog.close();
		onDone(answer);
		announce(`${video.title} ${question.done}.`);
	} catch (error) {
		showProblem(problem, error);
	}
	yes.disabled = false;
}

makeClosable(dialog);

form.addEventListener("submit", (event) => {
	event.preventDefault();
	act(asked);
});
