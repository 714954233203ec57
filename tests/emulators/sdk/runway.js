/** Runway's own client does all that it can with the emulator, and takes its refusals for what they are. */
"use strict";

globalThis.File ??= require("node:buffer").File; // as the client asks for with node 18
const { assert, key, load, prove, refused, url } = require("./proof.js");
const sdk = load("@runwayml/sdk");

const RunwayML = sdk.default;
const client = new RunwayML({ apiKey: key, baseURL: url, maxRetries: 0 });
const PIXEL = "https://shop.example.com/a.jpg";
const scene = { model: "gen4.5", promptText: "A kettle on a table", ratio: "720:1280", duration: 2 };
const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(2000)]);

async function film(task) {
	const done = await task.waitForTaskOutput();
	assert.equal(done.status, "SUCCEEDED");
	const answer = await fetch(done.output[0]);
	assert.equal(answer.status, 200);
	assert.equal(Buffer.from(await answer.arrayBuffer()).toString("latin1", 4, 8), "ftyp");
	return done;
}

async function upload() {
	const { uri } = await client.uploads.createEphemeral({ file: new File([JPEG], "kettle.jpg") });
	assert.match(uri, /^runway:\/\//);
	return uri;
}

prove({
	"text to video": async () => {
		const done = await film(client.textToVideo.create({ ...scene, seed: 7 }));
		assert.equal(done.cost.credits, 24);
	},
	"image to video": () => film(client.imageToVideo.create({ ...scene, promptImage: PIXEL })),
	"image to video, image only": () =>
		film(client.imageToVideo.create({ model: "gen4_turbo", ratio: "960:960", promptImage: PIXEL })),
	"image to video, first and last frame": () => {
		const promptImage = [{ position: "first", uri: PIXEL }, { position: "last", uri: PIXEL }];
		return film(client.imageToVideo.create({ model: "veo3.1_fast", ratio: "720:1280", promptImage, duration: 4 }));
	},
	upload: async () => film(client.imageToVideo.create({ ...scene, promptImage: await upload() })),
	poll: async () => {
		const { id, estimatedCost } = await client.textToVideo.create(scene);
		assert.equal(estimatedCost.credits, 24);
		const task = await client.tasks.retrieve(id);
		assert.ok(["PENDING", "THROTTLED", "RUNNING"].includes(task.status), task.status);
		assert.ok(Math.abs(Date.parse(task.createdAt) - Date.now()) < 60000);
	},
	cancel: async () => {
		const { id } = await client.textToVideo.create(scene);
		await client.tasks.delete(id);
		await refused(() => client.tasks.retrieve(id), sdk.NotFoundError, 404, /Could not find Task/);
		await refused(() => client.tasks.delete(id), sdk.NotFoundError, 404, /Could not find Task/);
	},
	organization: async () => {
		const found = await client.organization.retrieve();
		assert.ok(found.creditBalance > 0);
		assert.ok(found.tier.models["gen4.5"].maxConcurrentGenerations > 0);
		assert.ok(found.usage.models["gen4.5"].dailyGenerations >= 0);
	},
	usage: async () => {
		const found = await client.organization.retrieveUsage({ startDate: "2026-01-01", beforeDate: "2026-01-31" });
		assert.deepEqual(found, { models: [], results: [] });
	},
	"a task that fails": async () => {
		const wait = () => client.textToVideo.create({ ...scene, promptText: "must fail" }).waitForTaskOutput();
		const error = await wait().then(() => assert.fail("it did not fail"), (found) => found);
		assert.equal(error.constructor.name, "TaskFailedError");
		assert.equal(error.taskDetails.failureCode, "INTERNAL.BAD_OUTPUT.CODE01");
	},
	"a wrong key": () => {
		const other = new RunwayML({ apiKey: key.replace("0", "1"), baseURL: url, maxRetries: 0 });
		return refused(() => other.organization.retrieve(), sdk.AuthenticationError, 401, /API key/);
	},
	"an old version": () => {
		const old = new RunwayML({ apiKey: key, baseURL: url, runwayVersion: "2024-09-13", maxRetries: 0 });
		return refused(() => old.organization.retrieve(), sdk.BadRequestError, 400, /X-Runway-Version/);
	},
	"an unknown key": () =>
		refused(() => client.textToVideo.create({ ...scene, watermark: false }), sdk.BadRequestError, 400,
			/unrecognized_keys|Validation of body failed/),
	"no such ratio": () =>
		refused(() => client.textToVideo.create({ ...scene, ratio: "960:960" }), sdk.BadRequestError, 400,
			/Validation of body failed/),
	"no image": () =>
		refused(() => client.imageToVideo.create(scene), sdk.BadRequestError, 400, /Validation of body failed/),
	"a limit that was reached": () =>
		refused(() => client.textToVideo.create({ ...scene, model: "veo3.1", duration: 4 }), sdk.RateLimitError, 429,
			/daily task limit/),
	"a bad day": () =>
		refused(() => client.textToVideo.create({ ...scene, promptText: "must break" }), sdk.InternalServerError, 503,
			/./),
});
