/** ElevenLabs' own client does all that we need with the emulator, and takes its refusals for what they are. */
"use strict";

const { assert, key, load, prove, refused, url } = require("./proof.js");
const { ElevenLabs, ElevenLabsClient, ElevenLabsError } = load("@elevenlabs/elevenlabs-js");

const client = new ElevenLabsClient({ apiKey: key, baseUrl: url, maxRetries: 0 });
const speech = client.textToSpeech;
const VOICE = "EXAVITQu4vr4xnSDxMaL";
const text = "The new kettle boils in ninety seconds.";
const isMp3 = (bytes) => bytes.toString("latin1", 0, 3) === "ID3" || bytes[0] === 0xff;

async function bytes(stream) {
	const pieces = [];
	for await (const piece of stream) pieces.push(piece);
	return Buffer.concat(pieces);
}

function timed(alignment, said) {
	const { characters, characterStartTimesSeconds: starts, characterEndTimesSeconds: ends } = alignment;
	assert.equal(characters.join(""), said);
	assert.equal(starts.length, characters.length);
	assert.equal(ends.length, characters.length);
	characters.forEach((_, n) => assert.ok(starts[n] <= ends[n] && (n === 0 || ends[n - 1] <= starts[n])));
}

prove({
	speech: async () => {
		const sound = await bytes(await speech.convert(VOICE, { text, voiceSettings: { stability: 0 } }));
		assert.ok(isMp3(sound));
	},
	"speech, wave": async () => {
		const sound = await bytes(await speech.convert(VOICE, { text, outputFormat: "wav_22050" }));
		assert.equal(sound.toString("latin1", 0, 4), "RIFF");
	},
	"speech, streamed": async () => assert.ok(isMp3(await bytes(await speech.stream(VOICE, { text })))),
	"speech with timestamps": async () => {
		const wanted = { text, modelId: "eleven_flash_v2_5", previousText: "Good morning.", nextText: "And more." };
		const { data, rawResponse } = await speech.convertWithTimestamps(VOICE, wanted).withRawResponse();
		assert.ok(isMp3(Buffer.from(data.audioBase64, "base64")));
		timed(data.alignment, text);
		timed(data.normalizedAlignment, text);
		assert.equal(rawResponse.headers.get("character-cost"), String(Math.ceil(text.length / 2)));
		const previousRequestIds = [rawResponse.headers.get("request-id")];
		await speech.convertWithTimestamps(VOICE, { text, previousRequestIds });
	},
	"speech with timestamps, streamed": async () => {
		let said = "";
		const sound = [];
		for await (const part of await speech.streamWithTimestamps(VOICE, { text })) {
			said += part.alignment.characters.join("");
			sound.push(Buffer.from(part.audioBase64, "base64"));
		}
		assert.equal(said, text);
		assert.ok(isMp3(Buffer.concat(sound)));
	},
	"voices, all": async () => assert.ok((await client.voices.getAll()).voices.length >= 130),
	"voices, by pages": async () => {
		const ids = new Set();
		let page = { hasMore: true };
		while (page.hasMore) {
			page = await client.voices.search({ pageSize: 50, nextPageToken: page.nextPageToken });
			page.voices.forEach((voice) => ids.add(voice.voiceId));
		}
		assert.equal(ids.size, page.totalCount);
	},
	"voices, chosen": async () => {
		const { voices } = await client.voices.search({ search: "river", sort: "name", category: "professional" });
		assert.ok(voices.length > 0 && voices.every((voice) => voice.name.includes("River")));
	},
	"a voice and its preview": async () => {
		const voice = await client.voices.get(VOICE);
		assert.equal(voice.labels.gender, "female");
		assert.ok(isMp3(Buffer.from(await (await fetch(voice.previewUrl)).arrayBuffer())));
	},
	models: async () => {
		const model = (await client.models.list()).find(({ modelId }) => modelId === "eleven_multilingual_v2");
		assert.equal(model.maximumTextLengthPerRequest, 10000);
		assert.equal(model.modelRates.characterCostMultiplier, 1);
	},
	subscription: async () => {
		const before = await client.user.subscription.get();
		await speech.convertWithTimestamps(VOICE, { text });
		const after = await client.user.subscription.get();
		assert.ok(after.characterCount - before.characterCount >= text.length);
	},
	"a wrong key": () => {
		const other = new ElevenLabsClient({ apiKey: "other", baseUrl: url, maxRetries: 0 });
		return refused(() => other.models.list(), ElevenLabsError, 401, /invalid_api_key/);
	},
	"no such voice": () =>
		refused(() => speech.convert("nobody", { text }), ElevenLabsError, 404, /voice_not_found/),
	"no text": () =>
		refused(() => speech.convertWithTimestamps(VOICE, { text: "" }), ElevenLabsError, 400,
			/empty_text/),
	"a number for a text": () =>
		refused(() => client.voices.search({ pageSize: 1000 }), ElevenLabs.UnprocessableEntityError, 422, /page_size/),
	"a removed model": () =>
		refused(() => speech.convert(VOICE, { text, modelId: "eleven_monolingual_v1" }), ElevenLabsError, 400,
			/unsupported_model/),
});
