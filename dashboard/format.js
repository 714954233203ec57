/** Numbers and times as people read them. */

const PERIODS = [
	["year", 31536000],
	["month", 2592000],
	["week", 604800],
	["day", 86400],
	["hour", 3600],
	["minute", 60],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absolute = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" });

/** Seconds as "1:05". */
export function clockTime(seconds) {
	const whole = Math.round(seconds);
	return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Seconds still to wait as "~20 s left"; rough, as an estimate is. */
export function timeLeft(seconds) {
	if (seconds > 55) return `~${Math.ceil(seconds / 60)} min left`;
	return `~${Math.max(5, Math.ceil(seconds / 5) * 5)} s left`;
}

/** How long ago a moment was, "3 minutes ago". */
export function timeAgo(moment, now = Date.now()) {
	const seconds = (new Date(moment).getTime() - now) / 1000;
	const period = PERIODS.find(([, length]) => -seconds >= length);
	return period ? relative.format(Math.trunc(seconds / period[1]), period[0]) : "just now";
}

/** A moment in full, "November 22, 2026 at 2:05 PM". */
export const fullTime = (moment) => absolute.format(new Date(moment));

/** A price in the store's currency, in the way of its locale. */
export function price(amount, { currency, locale }) {
	return new Intl.NumberFormat(locale, { style: "currency", currency }).format(amount);
}

/** What an estimate says: "costs about 25 credits and 310 characters", "costs nothing". */
export function cost({ credits, characters }) {
	const parts = [credits && count(credits, "credit"), characters && count(characters, "character")].filter(Boolean);
	return parts.length ? `costs about ${parts.join(" and ")}` : "costs nothing";
}

/** "1 video", "2 videos". */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** A file name for a video with this title. */
export function fileName(title) {
	const stem = title.normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 80);
	return `${stem || "video"}.mp4`;
}
