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

test("what is typed on the page of a device that was just added outlives what changes there", async () => {
  const { page, problems, close } = await signedIn();
  await page.locator("main").getByRole("link", { name: "Add a device" }).click();
  await page.getByLabel("Operating system").selectOption("linux");
  await page.getByLabel("Asset tag").fill("TYPED-1");
  await page.getByRole("button", { name: "Add the device" }).click();
  await page.getByRole("heading", { name: "TYPED-1" }).waitFor();
  await page.getByRole("group", { name: "Actions" }).getByText("Lock", { exact: true }).click();
  const message = page.getByLabel("Message");
  await message.fill("lost in a train");
  for (const focused of [true, false]) {
    if (!focused) await message.blur();
    const before = await page.locator("#device-tokens tbody tr").count();
    await server.tctl("devices", "enroll", "--asset-tag=TYPED-1");
    await page.waitForFunction((count) => document.querySelectorAll("#device-tokens tbody tr").length > count, before);
    assert.equal(await message.inputValue(), "lost in a train", `focused: ${focused}`);
    assert.ok(await message.isVisible());
  }
  await page.getByLabel("How long").selectOption("12h");
  await page.getByRole("button", { name: "Lock the device" }).click();
  await page.locator("#device-locks").getByText("lost in a train", { exact: false }).waitFor();
  assert.ok(await isNotReloaded(page));
  assertQuiet(problems);
  await close();
});

test("what is folded out stays so when something changes beside it, and the button in it keeps the focus", async () => {
  const { page, problems, close } = await signedIn();
  await server.tctl("devices", "add", "--os=macos", "--asset-tag=FOLD-1");
  const device = JSON.parse(await server.tctl("devices", "ls", "--format=json")).find(
    (device) => device.spec.asset_tag === "FOLD-1",
  );
  await page.goto(`${server.origin}/web/devices/${device.metadata.name}`);
  await islandsReady(page);
  const actions = page.getByRole("group", { name: "Actions" });
  await actions.getByText("Lock", { exact: true }).click();
  await page.getByRole("button", { name: "Lock the device" }).focus();
  await server.tctl("devices", "enroll", "--asset-tag=FOLD-1");
  await page.locator("#device-tokens tbody tr").first().waitFor();
  // Everything about a device that is locked is another: what is folded out of both stays.
  await actions.getByText("Delete", { exact: true }).click();
  await page.getByRole("button", { name: "Delete the device" }).focus();
  await server.tctl("devices", "lock", "--asset-tag=FOLD-1", "--message=gone", "--ttl=12h");
  await actions.getByText("Unlock", { exact: true }).waitFor();
  assert.ok(await page.getByRole("button", { name: "Delete the device" }).isVisible());
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Delete the device");
  assertQuiet(problems);
  await close();
});

test("what was chosen in a form is not replaced by what changes meanwhile, wherever the focus is", async () => {
  const { page, problems, close } = await signedIn();
  await page.locator("#nav").getByRole("link", { name: "Device trust" }).click();
  await page.getByRole("heading", { name: "Device trust", exact: true }).waitFor();
  const scheme = page.getByLabel("Scheme of links to the device");
  await scheme.fill("acme-gate");
  await page.getByLabel("Fetch missing CAs of EK certificates").check();
  await page.getByRole("heading", { name: "Device trust", exact: true }).click();
  await page.evaluate(() => document.activeElement.blur());
  // Somebody else changes the values: another page shows them by itself, and this one keeps what was chosen.
  const other = await page.context().newPage();
  await other.goto(`${server.origin}/web/settings`);
  await islandsReady(other);
  await server.require("optional", ["auto_enroll: true"]);
  const shown = (tab) => tab.getByLabel("Auto-enrolment").isChecked();
  await other.waitForFunction(() => document.querySelector("input[name=auto_enroll]").checked);
  await page.bringToFront();
  await server.require("optional", ["auto_enroll: true", "boot_drift: review"]);
  await page.locator("#settings").waitFor();
  await other.bringToFront();
  await other.waitForFunction(() => document.querySelector("select[name=boot_drift]").value === "review");
  assert.equal(await shown(page), false, "as it was opened");
  assert.equal(await scheme.inputValue(), "acme-gate");
  assert.ok(await page.getByLabel("Fetch missing CAs of EK certificates").isChecked());
  // That it is about what was there before is said when it is sent.
  await page.bringToFront();
  await page.getByRole("button", { name: "Save browser sessions" }).click();
  await page.getByText("These values hold now", { exact: false }).waitFor();
  assert.equal(await scheme.inputValue(), "acme-gate");
  await server.require("optional");
  assertQuiet(problems.filter((problem) => !/status of 409/.test(problem)));
  await close();
});
