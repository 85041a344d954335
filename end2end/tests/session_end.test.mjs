// A session that ends in another tab, while something was typed in this one.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertAccessible, launch, openPage } from "../src/browser.mjs";
import { islandsReady, signIn, signUp } from "../src/console.mjs";
import { startServer } from "../src/server.mjs";

let browser;
let server;
const authenticators = {};

before(async () => {
  browser = await launch();
  server = await startServer();
  const { page, close } = await openPage(browser);
  authenticators.admin = await signUp(page, server.signup, { name: "admin" });
  // Several, as a one-time code is good once and another one takes half a minute.
  for (const name of ["bea", "cleo"]) {
    const invited = await server.tctl("users", "add", name, "--roles=editor");
    const path = new URL(invited.match(/https:\/\/\S+\/web\/signup\/\S+/)[0]).pathname;
    authenticators[name] = await signUp(page, `${server.origin}${path}`);
  }
  await close();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A tab in which somebody is signed in and about to invite somebody else, and another one of the same browser. */
async function twoTabs(name, options = {}) {
  const opened = await openPage(browser, options);
  await opened.page.goto(`${server.origin}/web/users/~new`);
  await signIn(opened.page, name, authenticators[name]);
  await opened.page.getByRole("heading", { name: "Invite a user" }).waitFor();
  const other = await opened.page.context().newPage();
  return { ...opened, other };
}

async function type(page, name) {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("OS logins").fill("deploy, ops");
  await page.getByLabel("editor", { exact: true }).check();
}

async function signOutIn(other) {
  await other.goto(`${server.origin}/web/account`);
  await other.getByRole("main").getByRole("button", { name: "Sign out" }).click();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
}

test("what was typed stays, and is sent after signing in again in another tab", async () => {
  const { page, other, close } = await twoTabs("admin", { viewport: { width: 390, height: 800 } });
  await islandsReady(page);
  await type(page, "carl");
  await signOutIn(other);
  const notice = page.locator("#session-ended");
  await notice.getByText("Your session has ended").waitFor();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "carl");
  await assertAccessible(page);
  // Sent all the same, it is kept back and stays.
  await page.getByRole("button", { name: "Invite" }).click();
  await page.locator("#session-ended:focus").waitFor();
  assert.equal(await page.getByLabel("OS logins").inputValue(), "deploy, ops");

  const [tab] = await Promise.all([
    page.context().waitForEvent("page"),
    notice.getByRole("link", { name: "Sign in again in a new tab" }).click(),
  ]);
  await signIn(tab, "admin", authenticators.admin);
  await tab.getByRole("heading", { name: "Invite a user" }).waitFor();
  await page.getByRole("button", { name: "Invite" }).click();
  await page.getByText("One-time link for carl").waitFor();
  assert.match(await server.tctl("get", "user/carl"), /deploy[\s\S]*ops/);
  await close();
});

test("what somebody typed is not sent in the name of somebody else", async () => {
  const { page, other, close } = await twoTabs("admin");
  await islandsReady(page);
  await type(page, "dora");
  await signOutIn(other);
  await page.locator("#session-ended").waitFor();
  await other.goto(`${server.origin}/web/users`);
  await signIn(other, "bea", authenticators.bea);
  await page.getByRole("button", { name: "Invite" }).click();
  await page.locator("#session-ended").getByText("Somebody else is signed in now").waitFor();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "dora");
  await assert.rejects(server.tctl("get", "user/dora"), /not found/);
  await close();
});

test("a page on which nothing was typed goes to the sign-in page and back", async () => {
  const { page, other, close } = await twoTabs("bea");
  await islandsReady(page);
  await signOutIn(other);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.match(page.url(), /next=\/web\/users\/~new|next=%2Fweb%2Fusers/);
  await close();
});

test("without scripts, a form that came too late is said to be unsaved", async () => {
  const { page, other, close } = await twoTabs("cleo", { javaScriptEnabled: false });
  await type(page, "emil");
  await signOutIn(other);
  await page.getByRole("button", { name: "Invite" }).click();
  await page.getByText("The form was not saved").waitFor();
  await signIn(page, "cleo", authenticators.cleo);
  await page.getByRole("heading", { name: "Invite a user" }).waitFor();
  await assert.rejects(server.tctl("get", "user/emil"), /not found/);
  await close();
});
