// How soon the inventory is seen and alive in Chromium, beside a static copy of the same page served in the same run.
// Prints one JSON object on its last line; `cargo xtask bench` reads it.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

import { launch, openPage } from "../src/browser.mjs";
import { islandsReady, signIn, signUp } from "../src/console.mjs";
import { devices } from "../src/seed.mjs";
import { startServer } from "../src/server.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 15);
const DEVICES = Number(process.env.DEVICES ?? 1000);

/** What was sent for every address of a page, body and headers, ready to be sent again without any work. */
async function record(context, address) {
  const page = await context.newPage();
  const answers = new Map();
  page.on("response", async (response) => {
    const { pathname } = new URL(response.url());
    if (pathname === "/web/events") return;
    const headers = await response.allHeaders();
    const body = brotliCompressSync(await response.body());
    answers.set(pathname, { body, headers: kept(headers) });
  });
  await page.goto(address);
  await islandsReady(page);
  await page.waitForLoadState("load");
  await page.close();
  return answers;
}

function kept(headers) {
  const names = ["content-type", "content-security-policy", "cache-control"];
  const some = Object.fromEntries(names.filter((name) => headers[name]).map((name) => [name, headers[name]]));
  return { ...some, "content-encoding": "br" };
}

async function serveCopy(answers, tls) {
  const server = createServer(tls, (request, response) => {
    const found = answers.get(new URL(request.url, "https://localhost").pathname);
    if (!found) return response.writeHead(204).end();
    response.writeHead(200, found.headers).end(found.body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `https://localhost:${server.address().port}`, stop: () => server.close() };
}

/** One look in a profile of its own, so that nothing is in any cache: first contentful paint and islands, in ms. */
async function look(browser, address, storageState) {
  const { page, close } = await openPage(browser, { storageState });
  // The connection's handshake is not the page's.
  await page.goto(new URL("/favicon.svg", address).href);
  await page.goto(address);
  await islandsReady(page);
  const times = await page.evaluate(async () => {
    const paint = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
    for (let frame = 0; frame < 120 && paint() === undefined; frame++) await new Promise(requestAnimationFrame);
    return { paint: paint(), ready: performance.getEntriesByName("islands-ready")[0]?.startTime };
  });
  await close();
  return times;
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const folder = await mkdtemp(join(tmpdir(), "gatehouse-paint-"));
const browser = await launch();
const server = await startServer();
try {
  const { page, close } = await openPage(browser);
  const authenticator = await signUp(page, server.signup, { name: "admin" });
  await signIn(page, "admin", authenticator);
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  const file = join(folder, "devices.yaml");
  await writeFile(file, devices(DEVICES));
  await server.tctl("create", "-f", file);
  const state = await page.context().storageState();
  const answers = await record(page.context(), `${server.origin}/web/devices`);
  await close();
  const tls = {
    key: await readFile(join(server.dataDir, "tls/key.pem")),
    cert: await readFile(join(server.dataDir, "tls/cert.pem")),
  };
  const copy = await serveCopy(answers, tls);
  const found = { ours: [], copy: [] };
  await look(browser, `${server.origin}/web/devices`, state);
  await look(browser, `${copy.origin}/web/devices`);
  for (let round = 0; round < ROUNDS; round++) {
    found.ours.push(await look(browser, `${server.origin}/web/devices`, state));
    found.copy.push(await look(browser, `${copy.origin}/web/devices`));
  }
  copy.stop();
  const of = (which, what) => median(found[which].map((times) => times[what]));
  const report = {
    rounds: ROUNDS,
    devices: DEVICES,
    paint_ms: of("ours", "paint"),
    paint_copy_ms: of("copy", "paint"),
    ready_ms: of("ours", "ready"),
    ready_copy_ms: of("copy", "ready"),
  };
  console.log(JSON.stringify(report));
} finally {
  await browser.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
