/** The choice of music in the form: track, volume, and listening to it. */
import { listMusic } from "./api.js";
import { byId } from "./dom.js";
import { clockTime } from "./format.js";

const select = byId("music");
const button = byId("preview");
const volume = byId("volume");
const sound = new Audio();

let tracks = [];

/** Loads the tracks once; a failure is thrown and the next call tries again. */
export async function loadMusic() {
	if (tracks.length) return;
	tracks = await listMusic();
	select.append(...groups());
}

/** What the request says of music: a track, or its absence so that the server finds one, and a volume, 0 for none. */
export function chosenMusic() {
	if (select.value === "none") return { musicVolume: 0 };
	const musicVolume = volume.valueAsNumber;
	return select.value === "fitting" ? { musicVolume } : { musicTrackId: select.value, musicVolume };
}

/** Stops listening. */
export function stopPreview() {
	sound.pause();
	sound.removeAttribute("src");
	showPreview();
}

/** The tracks as options, by category. */
function groups() {
	return [...new Set(tracks.map((track) => track.category))].map((category) => {
		const group = document.createElement("optgroup");
		group.label = category;
		group.append(...tracks.filter((track) => track.category === category)
			.map((track) => new Option(`${track.name} (${clockTime(track.duration)})`, track.id)));
		return group;
	});
}

/** Makes the button and the volume fit the track and whether it is heard. */
function showPreview() {
	const track = tracks.find(({ id }) => id === select.value);
	const playing = sound.hasAttribute("src");
	byId("volume-row").hidden = select.value === "none";
	byId("volume-value").textContent = `${volume.value} %`;
	button.disabled = !track?.previewUrl;
	button.setAttribute("aria-pressed", String(playing));
	button.querySelector("use").setAttribute("href", playing ? "#icon-stop" : "#icon-play");
	sound.volume = volume.valueAsNumber / 100;
}

function togglePreview() {
	if (sound.hasAttribute("src")) {
		stopPreview();
		return;
	}
	sound.src = tracks.find(({ id }) => id === select.value).previewUrl;
	sound.play().catch(() => {}); // stopped before it began, or not playable: "error" tells the latter
	showPreview();
}

select.addEventListener("change", stopPreview);
button.addEventListener("click", togglePreview);
volume.addEventListener("input", showPreview);
sound.addEventListener("ended", stopPreview);
sound.addEventListener("error", () => {
	if (!sound.hasAttribute("src")) return;
	stopPreview();
	byId("error-music").textContent = "This track cannot be played here.";
});
