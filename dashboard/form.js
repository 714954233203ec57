/** The form that makes a video from a product. */
import { estimateVideo, listProducts, makeProductVideo } from "./api.js";
import { byId, clearProblem, fromTemplate, makeClosable, showProblem } from "./dom.js";
import { cost, price } from "./format.js";
import { chosenMusic, loadMusic, stopPreview } from "./music.js";
import { RATIOS, STYLES } from "./words.js";

const FILTER_FROM = 9; // products, before a field to find one is worth its place
const SKELETONS = 3;

const dialog = byId("maker");
const form = byId("maker-form");
const productList = byId("products");
const filter = byId("product-filter");
const problem = byId("maker-problem");
const submit = byId("make");

let store;
let onMade;
let key; // of the wish as it now is: however often it is sent, one video comes of it
let loading = new AbortController();
let pricing = new AbortController();

/** Opens the form for a store; calls `whenMade(status)` with the server's answer to a good request. */
export function openForm(forStore, whenMade) {
	store = forStore;
	onMade = whenMade;
	key = newKey();
	clearErrors();
	dialog.showModal();
	showProducts();
	loadMusic().catch((error) => tell("error-music", `Music cannot be chosen now. ${error.message}`));
}

/** Unlike a UUID of `crypto`, to be had also where the page came without TLS. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");

/** Fills the list of products; the one chosen before stays chosen. */
async function showProducts() {
	const before = form.elements.product?.value;
	loading.abort();
	loading = new AbortController();
	const { signal } = loading;
	filter.hidden = true;
	submit.disabled = true;
	productList.replaceChildren(...Array.from({ length: SKELETONS }, () => fromTemplate("product-skeleton-template").root));
	try {
		const products = await listProducts(store.id, signal);
		productList.replaceChildren(...products.map(productView));
		filter.hidden = products.length < FILTER_FROM;
		submit.disabled = products.length === 0;
		if (products.length === 0) productList.append("This store has no products yet.");
		check("product", products.some(({ id }) => id === before) ? before : products[0]?.id);
		showPrice();
	} catch (error) {
		if (!signal.aborted) showProblem(productList, error, { retry: showProducts });
	}
}

function productView(product) {
	const { root, parts } = fromTemplate("product-template");
	const [picture] = product.images;
	root.querySelector("input").value = product.id;
	parts.title.textContent = product.title;
	parts.price.textContent = Number.isFinite(product.sellingPrice) ? price(product.sellingPrice, store) : "";
	parts.initial.textContent = product.title.slice(0, 1);
	if (picture) {
		parts.image.alt = "";
		parts.image.addEventListener("load", () => { parts.initial.hidden = true; });
		parts.image.addEventListener("error", () => { parts.image.hidden = true; });
		parts.image.hidden = false;
		parts.image.src = picture.url;
	}
	return root;
}

function styleView({ id, name, hint }) {
	const { root, parts } = fromTemplate("style-template");
	root.querySelector("input").value = id;
	parts.name.textContent = name;
	parts.hint.textContent = hint;
	return root;
}

function ratioView({ id, name, hint }) {
	const { root, parts } = fromTemplate("ratio-template");
	root.querySelector("input").value = id;
	parts.shape.dataset.ratio = id;
	parts.name.textContent = name;
	parts.hint.textContent = hint;
	return root;
}

/** Checks the radio button with this value, if there is one. */
function check(name, value) {
	for (const input of form.querySelectorAll(`input[name="${name}"]`)) input.checked = input.value === value;
}

function tell(id, text) {
	byId(id).textContent = text;
}

function clearErrors() {
	clearProblem(problem);
	for (const place of form.querySelectorAll(".field-error")) place.textContent = "";
}

/** Shows each detail at the field that it is about, and the rest with the error itself. */
function showErrors(error) {
	const placeOf = ({ path }) => form.querySelector(`[data-error-for="${CSS.escape(path)}"]`);
	for (const detail of error.details) {
		const place = placeOf(detail);
		if (place) place.textContent = detail.message;
	}
	showProblem(problem, error, { details: error.details.filter((detail) => !placeOf(detail)) });
	form.querySelector(".field-error:not(:empty)")?.scrollIntoView({ block: "center" });
}

/** Says what the chosen film would cost; the last choice counts. */
async function showPrice() {
	const { product, style, ratio, mode } = Object.fromEntries(new FormData(form));
	pricing.abort();
	pricing = new AbortController();
	const { signal } = pricing;
	if (!product) return;
	try {
		const estimate = await estimateVideo({ productId: product, style, aspectRatio: ratio, mode }, signal);
		tell("price", `This ${cost(estimate)}.`);
	} catch {
		if (!signal.aborted) tell("price", ""); // what is wrong is said when it is sent
	}
}

async function send() {
	const { product, style, ratio, mode } = Object.fromEntries(new FormData(form));
	clearErrors();
	submit.disabled = true;
	try {
		const status = await makeProductVideo(product, style, { aspectRatio: ratio, mode, ...chosenMusic() }, key);
		dialog.close();
		onMade(status);
	} catch (error) {
		showErrors(error);
	}
	submit.disabled = false;
}

function showMatching() {
	const wanted = filter.querySelector("input").value.trim().toLocaleLowerCase();
	for (const product of productList.children) product.hidden = !product.textContent.toLocaleLowerCase().includes(wanted);
}

byId("styles").replaceChildren(...STYLES.map(styleView));
byId("ratios").replaceChildren(...RATIOS.map(ratioView));
check("style", STYLES[0].id);
check("ratio", RATIOS[0].id);

makeClosable(dialog);
dialog.addEventListener("close", stopPreview);
filter.addEventListener("input", showMatching);
form.addEventListener("change", ({ target }) => {
	key = newKey();
	if (["product", "style", "ratio", "mode"].includes(target.name)) showPrice();
});
form.addEventListener("submit", (event) => {
	event.preventDefault();
	send();
});
