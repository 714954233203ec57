/** The names people read for the values on the wire. */

export const STYLES = [
	{ id: "product_showcase", name: "Product showcase", hint: "Close and unhurried, the product itself" },
	{ id: "lifestyle", name: "Lifestyle", hint: "Warm, at home in an everyday moment" },
	{ id: "testimonial", name: "Testimonial", hint: "A buyer's questions, answered" },
	{ id: "promotional", name: "Promotional", hint: "The offer and its price, up front" },
	{ id: "social_ad", name: "Social ad", hint: "Short and quick, made for a feed" },
	{ id: "story", name: "Story", hint: "A beginning, a middle and an end" },
];

export const RATIOS = [
	{ id: "9:16", name: "9:16", hint: "Upright" },
	{ id: "4:5", name: "4:5", hint: "Feed" },
	{ id: "1:1", name: "1:1", hint: "Square" },
	{ id: "16:9", name: "16:9", hint: "Wide" },
];

const STATUSES = {
	pending: "Waiting",
	generating_scenes: "Making the scenes",
	generating_voiceover: "Recording the voice",
	composing: "Putting it together",
	processing: "Publishing",
	completed: "Ready",
	failed: "Failed",
	paused: "Paused",
	cancelling: "Cancelling",
	cancelled: "Cancelled",
};

const ENDED = ["completed", "failed", "cancelled"];

/** Whether a video with this status changes no more. */
export const hasEnded = (status) => ENDED.includes(status);

/** What can be done with a video beside playing and deleting it: a question of ask.js, and its button; or null. */
export function nextAction({ status, mode, pause }) {
	if (status === "completed") return mode === "draft" ? { name: "render", label: "Buy the real film" } : null;
	if (status === "failed" || status === "cancelled") return { name: "retry", label: "Retry" };
	if (status === "paused") return { name: pause === "possible_charge" ? "accept" : "retry", label: "Retry" };
	return status === "cancelling" ? null : { name: "cancel", label: "Cancel" };
}

/** A value of the wire without a name of its own, made readable. */
const plain = (value) => value.replaceAll("_", " ");

/** "Ready" for "completed". */
export const statusName = (status) => STATUSES[status] ?? plain(status);

/** "Social ad" for "social_ad". */
export const styleName = (style) => STYLES.find((s) => s.id === style)?.name ?? plain(style);
