/** The few helpers on the document that all views share. */

/** The element with this id; the page always has it. */
export const byId = (id) => document.getElementById(id);

/** A copy of a template's one element, and the elements marked data-part in it by their names. */
export function fromTemplate(id) {
	const root = document.importNode(byId(id).content.firstElementChild, true);
	const marked = [...root.querySelectorAll("[data-part]")];
	return { root, parts: Object.fromEntries(marked.map((part) => [part.dataset.part, part])) };
}

/** Sets the text only when it differs, so that screen readers and observers see changes alone. */
export function setText(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

/** Lets a dialog be closed by its data-close buttons and by a click beside it. */
export function makeClosable(dialog) {
	for (const button of dialog.querySelectorAll("[data-close]")) {
		button.addEventListener("click", () => dialog.close());
	}
	dialog.addEventListener("pointerdown", (event) => {
		if (event.target === dialog) dialog.close();
	});
}

/** Tells a screen reader something that is only seen otherwise. */
export function announce(text) {
	byId("live").textContent = text;
}

/** Shows an error where it belongs, with a button when `retry` can help; `details` may be narrowed by the caller. */
export function showProblem(place, error, { retry, details = error.details ?? [] } = {}) {
	const { root, parts } = fromTemplate("problem-template");
	parts.message.textContent = error.message;
	parts.details.hidden = details.length === 0;
	parts.details.replaceChildren(...details.map(({ path, message }) => {
		const item = document.createElement("li");
		item.textContent = [path, message].filter(Boolean).join(": ");
		return item;
	}));
	parts.request.hidden = !error.requestId;
	parts.request.textContent = `Request ${error.requestId}`;
	parts.retry.hidden = !retry;
	parts.retry.addEventListener("click", () => retry());
	place.replaceChildren(root);
}

/** What stands where nothing is, with a button when something can be done. */
export function emptyView({ title, text, action }) {
	const { root, parts } = fromTemplate("empty-template");
	parts.title.textContent = title;
	parts.text.textContent = text;
	parts.action.hidden = !action;
	if (action) {
		parts.action.textContent = action.name;
		parts.action.addEventListener("click", () => action.run());
	}
	return root;
}

/** Takes a shown error away. */
export const clearProblem = (place) => place.replaceChildren();
