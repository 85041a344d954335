// Pages change without a reload, and what they show stays true by itself.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertAccessible, assertQuiet, launch, openPage } from "../src/browser.mjs";
import { islandsReady, openSignedIn, signUp } from "../src/console.mjs";
import { startServer } from "../src/server.mjs";

let browser;
let server;
let authenticator;

before(async () => {
  browser = await launch();
  server = await startServer();
  const { page, close } = await openPage(browser);
  authenticator = await signUp(page, server.signup, { name: "admin" });
  await close();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A page on which the admin is signed in, marked so that a reload is noticed. */
async function signedIn() {
  const opened = await openSignedIn(browser, server, authenticator, "/web/devices");
  await opened.page.evaluate(() => (globalThis.notReloaded = true));
  return opened;
}

const isNotReloaded = (page) => page.evaluate(() => globalThis.notReloaded === true);

test("links and the way back change the page without a reload, with title, address and focus", async () => {
  const { page, problems, close } = await signedIn();
  const nav = page.locator("#nav");
  await nav.getByRole("link", { name: "Account", exact: true }).click();
  await page.getByRole("heading", { name: "Account", exact: true }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/web/account");
  assert.match(await page.title(), /^Account/);
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  assert.equal(await nav.locator("[aria-current=page]").innerText(), "Account");
  await assertAccessible(page);
  await page.goBack();
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  assert.match(await page.title(), /^Devices/);
  assert.ok(await isNotReloaded(page));
  assertQuiet(problems);
  await close();
});

test("the shield turns yellow by itself when a trusted device becomes required, and goes when it is not", async () => {
  const { page, problems, close } = await signedIn();
  await page.locator("#nav").getByRole("link", { name: "Account", exact: true }).click();
  await page.getByRole("heading", { name: "Account", exact: true }).waitFor();
  assert.equal(await page.locator("#viewer .shield").count(), 0);
  await server.require("required");
  await page.locator("#viewer .shield--missing").first().waitFor();
  await page.getByText("Session not authorized with Device Trust: access is restricted").last().waitFor();
  await server.require("optional");
  await page.locator("#viewer .shield").first().waitFor({ state: "detached" });
  assert.ok(await isNotReloaded(page));
  assertQuiet(problems);
  await close();
});

test("who signs out in one tab is signed out in the other", async () => {
  const { page, problems, close } = await signedIn();
  const other = await page.context().newPage();
  await other.goto(`${server.origin}/web/account`);
  await other.locator("main").getByRole("button", { name: "Sign out" }).click();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  // Browsers tell a page that it is looked at again; headless ones look at all.
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assertQuiet(problems);
  await close();
});

test("the page of a device that somebody else deletes says so by itself", async () => {
  await server.tctl("devices", "add", "--os=macos", "--asset-tag=GONE-1");
  const device = JSON.parse(await server.tctl("devices", "ls", "--format=json")).find(
    (device) => device.spec.asset_tag === "GONE-1",
  );
  const { page, problems, close } = await signedIn();
  await page.goto(`${server.origin}/web/devices/${device.metadata.name}`);
  await page.getByRole("heading", { name: "GONE-1" }).waitFor();
  await islandsReady(page);
  await server.tctl("devices", "rm", "--asset-tag=GONE-1");
  await page.getByRole("heading", { name: "There is no such device" }).waitFor();
  // The 404 is what was asked for.
  assertQuiet(problems.filter((problem) => !/status of 404/.test(problem)));
  await close();
});
