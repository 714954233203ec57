/**
 * What both proofs share. usage: node runway.js MODULES URL KEY: MODULES is where npm put the vendors' clients. Says
 * "ok NAME" or "not ok NAME: why" for each case, and fails if one did.
 */
"use strict";

const assert = require("node:assert/strict");
const { createRequire } = require("node:module");
const path = require("node:path");

const [modules, url, key] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(modules), "index.js"));

/** Runs a table of cases, {name: async function}, all at once. */
async function prove(cases) {
	const run = async ([name, prove]) => {
		try {
			await prove();
			console.log(`ok ${name}`);
		} catch (error) {
			console.log(`not ok ${name}: ${error.stack}`);
			process.exitCode = 1;
		}
	};
	await Promise.all(Object.entries(cases).map(run));
}

/** A call that must be refused: with this class of error, and what it says of it. */
async function refused(call, Class, status, text) {
	const found = await call().then(() => assert.fail("it was not refused"), (error) => error);
	assert.ok(found instanceof Class, `${found.constructor.name}: ${found.message}`);
	assert.equal(found.status ?? found.statusCode, status);
	assert.match(found.message, text);
}

module.exports = { assert, key, load, prove, refused, url };
