/** The page: the choice of store, which the address remembers, and what joins the views. */
import { listStores } from "./api.js";
import { ask } from "./ask.js";
import { announce, byId, clearProblem, emptyView, showProblem } from "./dom.js";
import { openForm } from "./form.js";
import { VideoList } from "./list.js";
import { play } from "./player.js";
import { Follower } from "./progress.js";

const select = byId("store");
const newVideo = byId("new-video");
const problem = byId("list-problem");

let stores = [];
let current;

const follower = new Follower(showTrouble);
const list = new VideoList(follower, {
	play: (card) => play(card.video),
	remove: (card) => ask("delete", card.video, () => list.remove(card.video.videoId)),
	act: (card, what) => ask(what, card.video, (status) => list.restart(card.video.videoId, status)),
	make: openMaker,
	onTrouble: showTrouble,
});

/** Says that what is shown may be old, or (null) that it is not. */
function showTrouble(error) {
	byId("notice").textContent = error ? `${error.message} Trying again…` : "";
}

function openMaker() {
	openForm(current, async ({ videoId }) => {
		announce("Your video is being made.");
		await list.refresh();
		list.show(videoId);
	});
}

/** The store named in the address, if any. */
const storeInAddress = () => new URLSearchParams(location.hash.slice(1)).get("store");
const addressOf = (storeId) => `#${new URLSearchParams({ store: storeId })}`;

/** Shows the store that the address names. */
function openNamed() {
	const storeId = storeInAddress();
	current = stores.find((store) => store.id === storeId);
	select.value = current?.id ?? "";
	newVideo.disabled = !current;
	byId("heading").textContent = current?.name ?? "Videos";
	document.title = current ? `${current.name} · Videos` : "Videos";
	if (current) {
		list.open(storeId);
	} else {
		list.close(emptyView({ title: `There is no store “${storeId}”`, text: "Choose another one above." }));
	}
}

function showStores() {
	select.replaceChildren(...stores.map(({ id, name }) => new Option(name, id)));
	select.disabled = stores.length === 0;
	if (stores.length === 0) {
		select.replaceChildren(new Option("No stores"));
		list.close(emptyView({ title: "No stores yet", text: "A store is added with PUT /videos/stores/{storeId}." }));
		return;
	}
	if (!storeInAddress()) history.replaceState(null, "", addressOf(stores[0].id));
	openNamed();
}

async function start() {
	clearProblem(problem);
	try {
		stores = await listStores();
		showStores();
	} catch (error) {
		showProblem(problem, error, { retry: start });
	}
}

select.addEventListener("change", () => { location.hash = addressOf(select.value); });
window.addEventListener("hashchange", openNamed);
newVideo.addEventListener("click", openMaker);
start();
