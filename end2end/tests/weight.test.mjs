// What the first look at the inventory costs over the wire: a budget, so that nobody spends it without noticing.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { assertQuiet, launch, openPage } from "../src/browser.mjs";
import { islandsReady, rows, signIn, signUp } from "../src/console.mjs";
import { devices } from "../src/seed.mjs";
import { startServer } from "../src/server.mjs";

/** In bytes, everything counted: HTML with fifty rows, CSS, JavaScript, WASM, picture. */
const BUDGET = 150_000;

let browser;
let server;

before(async () => {
  browser = await launch();
  server = await startServer();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("the first look at the inventory stays within its budget", async () => {
  const { page, problems, close } = await openPage(browser);
  const authenticator = await signUp(page, server.signup, { name: "admin" });
  await signIn(page, "admin", authenticator);
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  const file = join(server.dataDir, "devices.yaml");
  await writeFile(file, devices(60));
  await server.tctl("create", "-f", file);

  const debug = await page.context().newCDPSession(page);
  await debug.send("Network.enable");
  await debug.send("Network.clearBrowserCache");
  const address = new Map();
  const weight = new Map();
  debug.on("Network.responseReceived", ({ requestId, response }) => address.set(requestId, response.url));
  debug.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => weight.set(requestId, encodedDataLength));
  await page.goto(`${server.origin}/web/devices`);
  await islandsReady(page);
  await page.waitForLoadState("load");
  assert.equal((await rows(page)).length, 50);

  const loaded = [...weight].map(([id, bytes]) => `${String(bytes).padStart(7)}  ${new URL(address.get(id)).pathname}`);
  const sum = [...weight.values()].reduce((all, bytes) => all + bytes, 0);
  console.log(`${loaded.join("\n")}\n${String(sum).padStart(7)}  of ${BUDGET}`);
  assert.ok(weight.size >= 4, "page, stylesheet, JavaScript and WASM were loaded");
  assert.ok(sum <= BUDGET, `${sum} bytes are over the budget of ${BUDGET}`);
  assertQuiet(problems);
  await close();
});
