// People, roles, settings and the audit log, as administrators use them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { assertAccessible, assertQuiet, launch, openPage } from "../src/browser.mjs";
import { openSignedIn, signUp } from "../src/console.mjs";
import { startServer } from "../src/server.mjs";

let browser;
let server;
const authenticators = {};

before(async () => {
  browser = await launch();
  server = await startServer();
  const { page, close } = await openPage(browser);
  authenticators.admin = await signUp(page, server.signup, { name: "admin" });
  await close();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A page on which somebody is signed in. */
const signedIn = (name, options) =>
  openSignedIn(browser, server, authenticators[name], "/web/audit", { name, ...options });

const nav = (page, name) => page.locator("#nav").getByRole("link", { name, exact: true });

test("an invited administrator signs up by the link that is shown once", async () => {
  const { page, problems, close } = await signedIn("admin");
  await nav(page, "Users").click();
  await page.getByRole("link", { name: "Invite a user" }).click();
  await page.getByLabel("Name", { exact: true }).fill("bea");
  await page.getByLabel("access", { exact: true }).uncheck();
  await page.getByLabel("editor", { exact: true }).check();
  await page.getByRole("button", { name: "Invite" }).click();
  const link = await page.locator(".copy-box code").innerText();
  assert.match(link, /^https:\/\/\S+\/web\/signup\/\S+$/);
  assert.ok(!page.url().includes("signup"), "the link is in no address of the administrator's");
  await assertAccessible(page);
  const path = new URL(link).pathname;
  const invited = await openPage(browser);
  authenticators.bea = await signUp(invited.page, `${server.origin}${path}`);
  await invited.close();
  await nav(page, "Users").click();
  // The page before names her as well.
  await page.waitForURL(/\/web\/users$/);
  await page.getByRole("link", { name: "bea", exact: true }).waitFor();
  assert.ok(!(await page.content()).includes(path));
  await assertAccessible(page);
  assertQuiet(problems);
  await close();
});

test("of two administrators who edit a role the second sees what the first did, and loses nothing", async () => {
  const first = await signedIn("admin");
  const second = await signedIn("bea", { colorScheme: "dark" });
  await nav(first.page, "Roles").click();
  await first.page.getByRole("link", { name: "New role" }).click();
  const text = first.page.getByLabel("The role as YAML");
  const example = await text.inputValue();
  await text.fill(example.replace("name-of-the-role", "helpdesk").replace("verbs:", "verb:"));
  await first.page.getByRole("button", { name: "Create" }).click();
  await first.page.getByText("did you mean verbs?").waitFor();
  await assertAccessible(first.page);
  await first.page.getByLabel("The role as YAML").fill(example.replace("name-of-the-role", "helpdesk"));
  await first.page.getByRole("button", { name: "Create" }).click();
  await first.page.getByText("Role helpdesk has been created").waitFor();

  await second.page.goto(`${server.origin}/web/roles/helpdesk`);
  const edit = async (page, from, to) => {
    const area = page.getByLabel("The role as YAML");
    await area.fill((await area.inputValue()).replace(from, to));
    await page.getByRole("button", { name: "Save", exact: true }).click();
  };
  await edit(first.page, "- read", "- update");
  await first.page.getByText("Role helpdesk has been saved").waitFor();
  await edit(second.page, "- list", "- create");
  await second.page.getByText(/changed meanwhile by admin at/).waitFor();
  assert.match(await second.page.locator(".diff").innerText(), /\+ +- update/);
  assert.match(await second.page.getByLabel("The role as YAML").inputValue(), /- create/);
  await assertAccessible(second.page);
  // What the server answers with 400 and 409 the browser notes as an error of its own.
  second.problems.length = 0;
  await second.page.getByRole("button", { name: "Save", exact: true }).click();
  await second.page.getByText("Role helpdesk has been saved").waitFor();
  assertQuiet(second.problems);
  await first.close();
  await second.close();
});

test("before a trusted device is required, the page says whom that locks out", async () => {
  const { page, close } = await signedIn("admin");
  await nav(page, "Device trust").click();
  await assertAccessible(page);
  await page.getByLabel("Who needs a trusted device").selectOption("required");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("2 users have no enrolled device and would be locked out now").waitFor();
  await page.getByText("You are among them").waitFor();
  await page.locator("#locked-out").getByRole("link", { name: "bea" }).waitFor();
  await assertAccessible(page);
  assert.equal(await page.getByLabel("Who needs a trusted device").inputValue(), "required");
  await page.getByLabel("I know whom this locks out").check();
  await page.getByRole("button", { name: "Save all the same" }).click();
  await page.getByText("none of them has an enrolled one").waitFor();
  await page.reload();
  assert.equal(await page.getByLabel("Who needs a trusted device").inputValue(), "optional", "nothing was saved");
  await close();
});

test("an event has an address that stays, and an export has it too", async () => {
  const { page, problems, close } = await signedIn("admin");
  await page.goto(`${server.origin}/web/audit?event=role.update`);
  await page.locator("table tbody a").first().click();
  await page.getByRole("heading", { name: "Role changed" }).waitFor();
  const address = page.url();
  assert.match(address, /\/web\/audit\/[0-9a-f-]{36}$/);
  await assertAccessible(page);
  await page.getByText("helpdesk").first().waitFor();
  await nav(page, "Audit log").click();
  await page.getByRole("heading", { name: "Audit log" }).waitFor();
  await assertAccessible(page);
  await page.getByLabel("Event", { exact: true }).selectOption("role.update");
  await page.getByRole("button", { name: "Find" }).click();
  await page.waitForURL(/event=role\.update/);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export these as JSON lines" }).click(),
  ]);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(lines.every((event) => event.event === "role.update"));
  assert.ok(lines.some((event) => address.endsWith(event.uid)));
  await page.goto(address);
  await page.getByRole("heading", { name: "Role changed" }).waitFor();
  assertQuiet(problems);
  await close();
});

test("the pages of the cluster work without scripts", async () => {
  const { page, close } = await signedIn("bea", { javaScriptEnabled: false });
  await page.goto(`${server.origin}/web/locks`);
  await page.getByRole("heading", { name: "Locks" }).waitFor();
  await page.getByLabel("What to lock").selectOption("role");
  await page.getByLabel("Name", { exact: true }).fill("device-enroll");
  await page.getByLabel("Message").fill("paused");
  await page.getByRole("button", { name: "Lock", exact: true }).click();
  await page.getByText("The lock on role device-enroll is in force").waitFor();
  await page.getByRole("link", { name: "Role device-enroll" }).click();
  await page.getByText("Remove the lock").first().click();
  await page.getByRole("button", { name: "Remove the lock" }).click();
  await page.getByText("The lock has been removed").waitFor();
  await close();
});
