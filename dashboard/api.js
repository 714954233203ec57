/** The HTTP interface under /videos: every request of the page goes through here. */

const TIMEOUT_MS = 20000;
const PAGE = 100;
const MOST = 1000;

/** What the server, or the way to it, had against a request. */
export class ApiError extends Error {
	constructor(status, { code = "", message, requestId = "", details = [] }, retryAfterMs = 0) {
		super(message);
		this.status = status;
		this.code = code;
		this.requestId = requestId;
		this.details = details;
		this.retryAfterMs = retryAfterMs;
	}

	/** Whether the same request may succeed later. */
	get temporary() {
		return [0, 429, 502, 503, 504].includes(this.status);
	}
}

/** The error that an answer with a bad status stands for, also when a proxy made it and it is not ours. */
async function errorOf(response) {
	const body = await response.json().catch(() => null);
	const retryAfterMs = 1000 * (Number(response.headers.get("Retry-After")) || 0);
	const fallback = { message: `The server answered ${response.status} ${response.statusText}`.trim() + "." };

	return new ApiError(response.status, body?.error?.message ? body.error : fallback, retryAfterMs);
}

/** One request; the parsed answer, or null when it has no body. Throws an ApiError, or an AbortError for `signal`. */
async function request(method, path, { query, body, signal, key } = {}) {
	const url = query ? `${path}?${new URLSearchParams(query)}` : path;
	const timeout = AbortSignal.timeout(TIMEOUT_MS);
	const options = { method, cache: "no-store", headers: { Accept: "application/json" } };
	if (key) options.headers["Idempotency-Key"] = key;
	options.signal = signal ? AbortSignal.any([signal, timeout]) : timeout;
	if (body !== undefined) {
		options.headers["Content-Type"] = "application/json";
		options.body = JSON.stringify(body);
	}

	try {
		const response = await fetch(url, options);
		if (!response.ok) throw await errorOf(response);
		return response.status === 204 ? null : await response.json();
	} catch (error) {
		if (error instanceof ApiError || signal?.aborted) throw error;
		throw new ApiError(0, { message: "The server cannot be reached." });
	}
}

/** Every entry of a paged list, up to MOST. */
async function every(path, key, signal) {
	const entries = [];
	for (let more = true; more && entries.length < MOST;) {
		const page = await request("GET", path, { query: { limit: PAGE, offset: entries.length }, signal });
		entries.push(...page[key]);
		more = page.hasMore && page[key].length > 0;
	}
	return entries;
}

const at = encodeURIComponent;

export const listStores = () => every("/videos/stores", "stores");
export const listProducts = (storeId, signal) => every(`/videos/stores/${at(storeId)}/products`, "products", signal);
export const listMusic = () => request("GET", "/videos/music");
export const listVideos = (storeId, limit, offset, signal) =>
	request("GET", `/videos/store/${at(storeId)}`, { query: { limit, offset }, signal });
export const videoStatus = (videoId) => request("GET", `/videos/${at(videoId)}/status`);
export const makeProductVideo = (productId, style, body, key) =>
	request("POST", `/videos/product/${at(productId)}`, { query: { style }, body, key });
export const estimateVideo = (body, signal) => request("POST", "/videos/estimate", { body, signal });
export const cancelVideo = (videoId) => request("POST", `/videos/${at(videoId)}/cancel`);
export const retryVideo = (videoId, acceptPossibleCharge) =>
	request("POST", `/videos/${at(videoId)}/retry`, { body: { acceptPossibleCharge } });
export const renderVideo = (videoId, mode) => request("POST", `/videos/${at(videoId)}/render`, { body: { mode } });
export const deleteVideo = (videoId) => request("DELETE", `/videos/${at(videoId)}`);
