// From the first admin's link to the inventory, with the real server and a real browser.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertAccessible, assertQuiet, launch, openPage } from "../src/browser.mjs";
import { islandsReady, openSignedIn, rows, signIn, signUp } from "../src/console.mjs";
import { startServer } from "../src/server.mjs";

let browser;
let server;
let authenticator;

before(async () => {
  browser = await launch();
  server = await startServer();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Browsers report refused answers in their console; the test that provokes one says which. */
function expectOnly(problems, status) {
  const others = problems.filter((problem) => !problem.includes(`status of ${status}`));
  assertQuiet(others);
  assert.ok(others.length < problems.length, `no answer ${status} was seen`);
}

test("the first admin signs up by the printed link and sees the inventory", async () => {
  const { page, problems, close } = await openPage(browser);
  authenticator = await signUp(page, server.signup, { name: "admin" });
  await assertAccessible(page);
  await signIn(page, "admin", authenticator);
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/web/devices");
  await assertAccessible(page);
  assert.match(await page.locator(".empty").innerText(), /tsh device enroll/);

  await server.tctl("devices", "add", "--os=linux", "--asset-tag=PF3AB12C");
  await server.tctl("devices", "add", "--os=macos", "--asset-tag=C02XK0AAJGH5");
  await page.reload();
  const shown = await rows(page);
  assert.equal(shown.length, 2);
  assert.ok(shown[0].includes("C02XK0AAJGH5") && shown[0].includes("macOS"), shown[0].join(" | "));
  assert.ok(shown[1].includes("PF3AB12C") && shown[1].includes("not enrolled"), shown[1].join(" | "));
  await assertAccessible(page);
  assertQuiet(problems);
  await close();
});

test("an island comes to life: the theme is chosen and kept", async () => {
  const { page, problems, close } = await openPage(browser, { colorScheme: "light" });
  await page.goto(`${server.origin}/web/login`);
  await islandsReady(page);
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Dark" }).click();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  const dark = await background();
  assert.notEqual(dark, light);
  await page.reload();
  await islandsReady(page);
  assert.equal(await background(), dark);
  await assertAccessible(page);
  assertQuiet(problems);
  await close();
});

test("a wrong password is refused in words and a spent link leads nowhere", async () => {
  const { page, problems, close } = await openPage(browser);
  await page.goto(`${server.origin}/web/login`);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("invalid user name, password or one-time code").waitFor();
  expectOnly(problems, 401);

  problems.length = 0;
  await page.goto(server.signup);
  await page.getByText("this link is not valid").waitFor();
  await assertAccessible(page);
  expectOnly(problems, 403);
  await close();
});

test("under a required device the inventory is closed, the account stays open, and the shield says why", async () => {
  const { page, problems, close } = await openSignedIn(browser, server, authenticator, "/web/devices");
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  assert.equal(await page.locator(".shield").count(), 0);
  assertQuiet(problems);

  await server.require("required");
  await page.reload();
  await page.getByText("access to resource requires a trusted device").first().waitFor();
  const shield = page.locator(".shield").first();
  assert.match(await shield.getAttribute("title"), /Session not authorized with Device Trust/);
  await assertAccessible(page);
  expectOnly(problems, 403);

  problems.length = 0;
  await page.goto(`${server.origin}/web/account`);
  await page.getByRole("heading", { name: "Account" }).waitFor();
  await assertAccessible(page);
  assertQuiet(problems);
  await server.require("optional");
  await close();
});

test("the console works without scripts", async () => {
  const { page, close } = await openPage(browser, { javaScriptEnabled: false });
  await page.goto(`${server.origin}/web/devices`);
  await signIn(page, "admin", authenticator);
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  assert.equal(await page.locator("table tbody tr").count(), 2);
  await page.goto(`${server.origin}/web/account`);
  await page.getByRole("button", { name: "Sign out" }).last().click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.goto(`${server.origin}/web/devices`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await close();
});
