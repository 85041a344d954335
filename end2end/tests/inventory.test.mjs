// The inventory as somebody works with it: rows that change under the eyes, search while typing, addresses to share.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { assertAccessible, assertQuiet, launch, openPage } from "../src/browser.mjs";
import { PASSWORD, openSignedIn, rows, signUp } from "../src/console.mjs";
import { startMachine } from "../src/device.mjs";
import { devices } from "../src/seed.mjs";
import { startServer } from "../src/server.mjs";

const SERIAL = "PF3AB12C";

let browser;
let server;
let machine;
let authenticator;

before(async () => {
  browser = await launch();
  server = await startServer();
  machine = await startMachine(SERIAL);
  const { page, close } = await openPage(browser);
  authenticator = await signUp(page, server.signup, { name: "admin" });
  await close();
  const file = join(server.dataDir, "devices.yaml");
  await writeFile(file, devices(60));
  await server.tctl("create", "-f", file);
  await server.tctl("devices", "add", "--os=linux", `--asset-tag=${SERIAL}`);
});
after(async () => {
  await browser?.close();
  await machine?.stop();
  await server?.stop();
});

async function signedIn(path, options) {
  const opened = await openSignedIn(browser, server, authenticator, path, options);
  await opened.page.evaluate(() => (globalThis.notReloaded = true));
  return opened;
}

const isNotReloaded = (page) => page.evaluate(() => globalThis.notReloaded === true);

test("a row turns enrolled, finds its owner and is locked while somebody looks at the list", async () => {
  const { page, problems, close } = await signedIn(`/web/devices?q=${SERIAL}`);
  const row = page.locator("tbody tr", { hasText: SERIAL });
  await row.getByText("not enrolled").waitFor();
  const place = await row.boundingBox();

  const token = (await server.tctl("devices", "enroll", `--asset-tag=${SERIAL}`)).match(/--token=(\S+)/)[1];
  const address = new URL(server.origin).host;
  const code = await authenticator.next();
  await machine.tsh(["login", `--proxy=${address}`, "--user=admin", `--ca-pin=${server.caPin}`], [PASSWORD, code]);
  assert.match(await machine.tsh(["device", "enroll", `--token=${token}`]), /enrolled/);

  await row.getByText("enrolled", { exact: true }).waitFor();
  await row.getByText("admin").first().waitFor();
  assert.deepEqual((await row.boundingBox()).y, place.y, "what is read stays in its place");
  await server.tctl("devices", "lock", `--asset-tag=${SERIAL}`, "--message=lost", "--ttl=1h");
  await row.getByText("locked").first().waitFor();
  assert.ok(await isNotReloaded(page));
  await assertAccessible(page);
  assertQuiet(problems);
  await close();
});

test("typing searches, choosing filters, headings sort, and the address says it all", async () => {
  const { page, problems, close } = await signedIn("/web/devices");
  const search = page.getByRole("searchbox", { name: "Search" });
  await search.pressSequentially("adm");
  await page.locator("tbody tr", { hasText: SERIAL }).waitFor();
  await page.locator("tbody tr", { hasText: "SEED-00000" }).waitFor({ state: "detached" });
  assert.equal((await rows(page)).length, 1, "found by its owner");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q", "the search keeps the focus");
  assert.equal(new URL(page.url()).search, "?q=adm");

  await search.fill("");
  await page.locator("tbody tr", { hasText: "SEED-00000" }).waitFor();
  await page.getByLabel("System").selectOption("macos");
  await page.locator("tbody tr", { hasText: "SEED-00000" }).waitFor({ state: "detached" });
  assert.ok((await rows(page)).every((cells) => cells.join(" ").includes("macOS")));
  await page.getByRole("link", { name: "Asset tag" }).click();
  await page.locator("tbody tr:first-child", { hasText: "SEED-00058" }).waitFor();
  const address = page.url();
  assert.ok(await isNotReloaded(page));

  const other = await page.context().newPage();
  await other.goto(address);
  assert.deepEqual((await rows(other))[0].slice(0, 2), (await rows(page))[0].slice(0, 2), "an address can be shared");
  await other.close();
  assertQuiet(problems);
  await close();
});

test("pages go forth and back, and the list can be taken along", async () => {
  const { page, problems, close } = await signedIn("/web/devices");
  const first = (await rows(page))[0][0];
  await page.getByRole("link", { name: "Next page" }).click();
  await page.locator("tbody tr", { hasText: first }).waitFor({ state: "detached" });
  assert.equal((await rows(page)).length, 11);
  await page.getByRole("link", { name: "Previous page" }).click();
  await page.locator("tbody tr", { hasText: first }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: /CSV/ }).click(),
  ]);
  const lines = (await readFile(await download.path(), "utf8")).trim().split(/\r?\n/);
  assert.equal(lines.length, 62, "a heading and every device");
  assertQuiet(problems);
  await close();
});
