// A browser session becomes trusted: a real Chromium with windows, a real handler of links, a real tsh with a software TPM.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertAccessible, assertQuiet, launch, openPage } from "../src/browser.mjs";
import { PASSWORD, islandsReady, signIn, signUp } from "../src/console.mjs";
import { startDesktop } from "../src/desktop.mjs";
import { startMachine } from "../src/device.mjs";
import { startServer } from "../src/server.mjs";

const SERIAL = "PF3HAND0";
const DEEP = "/web/devices?q=PF3HAND0";
const TRUSTED = "Session authorized with Device Trust";
const MISSING = "Session not authorized with Device Trust: access is restricted";

let server;
let machine;
let desktop;
let context;
let authenticator;
let admin;

before(async () => {
  server = await startServer();
  machine = await startMachine(SERIAL);
  admin = await launch();
  const { page, close } = await openPage(admin);
  authenticator = await signUp(page, server.signup, { name: "admin" });
  await close();
  const made = await server.tctl("devices", "add", "--os=linux", `--asset-tag=${SERIAL}`, "--enroll");
  const token = made.match(/--token=(\S+)/)[1];
  const proxy = server.origin.replace("https://", "");
  const login = ["login", `--proxy=${proxy}`, "--user=admin", `--ca-pin=${server.caPin}`];
  await machine.tsh(login, [PASSWORD, await authenticator.next()]);
  await machine.tsh(["device", "enroll", `--token=${token}`]);
  await server.require("required");

  desktop = await startDesktop(server.origin);
  const env = { ...machine.env, ...desktop.env, ...machine.ours };
  await machine.tsh(["install-handler"], [], env);
  context = await desktop.browser(machine.ours);
});
after(async () => {
  await desktop?.stop();
  await admin?.close();
  await machine?.stop();
  await server?.stop();
});

/** Signs in anew in a tab of the desktop's browser, on the way to the deep page. */
async function signedIn() {
  await context.clearCookies();
  const page = await context.newPage();
  await page.goto(`${server.origin}${DEEP}`);
  await signIn(page, "admin", authenticator, { authorizes: true });
  await page.getByRole("heading", { name: "Authorize this session" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/web/device/authorize");
  assert.ok(!page.url().includes("token"), page.url());
  await islandsReady(page);
  return page;
}

/** Both tabs stand at the page that was asked for, green, and nobody reloaded anything. */
async function bothAreGreen(began, opened) {
  for (const page of [opened, began]) {
    await page.waitForURL(`${server.origin}${DEEP}`);
    await page.locator("#viewer summary .shield--trusted").waitFor();
    assert.equal(await page.locator("#viewer summary .shield--trusted").innerText(), TRUSTED);
  }
}

test("the link is clicked, and both tabs stand at the deep page with a green shield", async () => {
  await desktop.asksInWindows();
  const page = await signedIn();
  const opened = context.waitForEvent("page");
  const clicked = performance.now();
  const answered = desktop.presses("Tab", "Return");
  await page.getByRole("link", { name: "Authorize this session" }).click();
  await answered;
  const other = await opened;
  await other.locator("#viewer summary .shield--trusted").waitFor();
  const took = performance.now() - clicked;
  await bothAreGreen(page, other);
  console.log(`from the click to the green shield, a window of zenity and its answer included: ${Math.round(took)} ms`);
  const question = await desktop.asked();
  for (const part of ["admin", "Chrom", "Linux", "127.0.0.1"]) assert.ok(question.includes(part), `${part}: ${question}`);

  // An administrator locks the device in another browser, and the shields turn by themselves.
  const elsewhere = await openPage(admin);
  await server.tctl("devices", "lock", `--asset-tag=${SERIAL}`);
  const locked = performance.now();
  for (const tab of [other, page]) {
    await tab.bringToFront();
    await tab.locator("#viewer summary .shield--missing").waitFor();
  }
  console.log(`from the lock to both yellow shields: ${Math.round(performance.now() - locked)} ms`);
  assert.equal(await other.locator("#viewer summary .shield--missing").innerText(), MISSING);
  await elsewhere.close();
  const locks = JSON.parse(await server.tctl("get", "locks", "--format=json"));
  for (const lock of locks) await server.tctl("rm", `lock/${lock.metadata.name}`);
  await other.close();

  // The same session once more, for the clock: from the start of tsh to the address that it opens, and to the answer there.
  await page.goto(`${server.origin}/web/device/authorize?next=${encodeURIComponent(DEEP)}`);
  const link = await page.getByRole("link", { name: "Authorize this session" }).getAttribute("href");
  await desktop.saysYes();
  const stamp = await desktop.stamps();
  const env = { ...machine.env, ...desktop.env, ...machine.ours, BROWSER: stamp.program };
  const began = Date.now();
  await machine.tsh(["open-link", link], [], env);
  const { at, address } = await stamp.read();
  const asks = performance.now();
  const answer = await context.request.get(address, { maxRedirects: 0 });
  const share = at - began + (performance.now() - asks);
  assert.equal(answer.status(), 303);
  assert.equal(answer.headers().location, DEEP);
  console.log(`our share, from the start of tsh to the 303: ${Math.round(share)} ms`);
  await page.close();
});

test("the code does what the link does", async () => {
  await desktop.saysYes();
  const page = await signedIn();
  await page.getByText("Nothing opens?").click();
  await assertAccessible(page);
  const command = (await page.getByLabel("Command that authorizes this session").innerText()).trim();
  assert.match(command, /^tsh device authorize [A-Z]{4}-[A-Z]{4}$/);
  const opened = context.waitForEvent("page");
  const env = { ...machine.env, ...desktop.env, ...machine.ours };
  await machine.tsh(command.split(" ").slice(1), [], env);
  await bothAreGreen(page, await opened);
});

test("a browser on another machine shows a number once its code was typed, and goes on by itself", async () => {
  await server.require("required", ["remote_browser: true"]);
  await desktop.asksInWindows();
  const { page, problems, close } = await openPage(admin);
  await page.goto(`${server.origin}${DEEP}`);
  await signIn(page, "admin", authenticator, { authorizes: true });
  await page.getByText("Nothing opens?").click();
  await page.getByRole("link", { name: "Authorize it from there" }).click();
  // The factor of the sign-in does not count.
  await page.getByRole("link", { name: "Confirm that it is you" }).click();
  await page.getByLabel("One-time code").fill(await authenticator.next());
  await page.getByRole("button", { name: "Confirm code" }).click();
  const box = page.getByLabel("Command that authorizes this session");
  await box.waitFor();
  await islandsReady(page);
  await assertAccessible(page);
  assert.equal(await page.locator("#handoff-number").count(), 0);
  const command = (await box.innerText()).trim();
  const env = { ...machine.env, ...desktop.env, ...machine.ours };
  const ran = machine.tsh(command.split(" ").slice(1), [], env);
  const number = (await page.locator("#handoff-number").innerText()).trim();
  assert.match(number, /^[1-9][0-9]$/);
  await assertAccessible(page);
  await desktop.presses(...number, "Return");
  assert.match(await ran, /goes on by itself/);
  await page.waitForURL(`${server.origin}${DEEP}`);
  await page.locator("#viewer summary .shield--trusted").waitFor();
  await page.locator("#viewer summary").click();
  await page.getByText("Confirmed by a code").waitFor();
  assertQuiet(problems);
  const listed = await server.tctl("sessions", "ls");
  assert.match(listed, new RegExp(`${SERIAL} \\(by code\\)`));
  await close();
});
