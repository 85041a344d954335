// Passkeys with Chromium's virtual authenticator, on the real server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertAccessible, assertQuiet, launch, openPage } from "../src/browser.mjs";
import { PASSWORD, islandsReady } from "../src/console.mjs";
import { addAuthenticator } from "../src/authenticator.mjs";
import { startServer } from "../src/server.mjs";

let browser;
let server;
let codes;
/** The authenticator's keys, carried from test to test. */
let keys;

before(async () => {
  browser = await launch();
  server = await startServer();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const security = () => `${server.origin}/web/account/security`;

async function givePassword(page) {
  await page.goto(`${server.origin}/web/login`);
  await islandsReady(page);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
}

async function atHome(page) {
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
}

test("the first admin signs up by link with a passkey and keeps ten recovery codes", async () => {
  const { page, problems, close } = await openPage(browser);
  const authenticator = await addAuthenticator(page);
  await page.goto(server.signup);
  await islandsReady(page);
  await assertAccessible(page);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByLabel("The same password again").fill(PASSWORD);
  await page.getByLabel("Name of the passkey").fill("laptop");
  await page.getByRole("button", { name: "Create passkey and continue" }).click();
  await page.getByRole("heading", { name: "Your account is ready" }).waitFor();
  codes = (await page.locator(".recovery-codes code").innerText()).trim().split("\n");
  assert.equal(codes.length, 10);
  assert.equal(new Set(codes).size, 10);
  await assertAccessible(page);
  keys = await authenticator.keys();
  assert.equal(keys.length, 1);
  assert.equal(keys[0].isResidentCredential, true, "it can be found without a user name");

  await page.getByRole("link", { name: "I have kept them: sign in" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assertQuiet(problems);
  await close();
});

test("password, then the passkey", async () => {
  const { page, problems, close } = await openPage(browser);
  const authenticator = await addAuthenticator(page, { keys });
  await givePassword(page);
  await assertAccessible(page);
  await page.getByRole("button", { name: "Use a passkey or security key" }).click();
  await atHome(page);
  keys = await authenticator.keys();
  assert.ok(keys[0].signCount > 0);
  assertQuiet(problems);
  await close();
});

test("a passkey alone, and the page that was wanted", async () => {
  const { page, problems, close } = await openPage(browser);
  const authenticator = await addAuthenticator(page, { keys });
  await page.goto(security());
  await islandsReady(page);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByRole("heading", { name: "Security", exact: true }).waitFor();
  assert.equal(page.url(), security());
  keys = await authenticator.keys();
  assertQuiet(problems);
  await close();
});

test("a passkey alone is refused where nobody was checked, and the page says why", async () => {
  const { page, close } = await openPage(browser);
  await addAuthenticator(page, { keys, verifiesUser: false });
  await page.goto(`${server.origin}/web/login`);
  await islandsReady(page);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  const problem = page.getByRole("alert").filter({ hasText: "Nothing was done" });
  await problem.waitFor();
  await assertAccessible(page);
  assert.equal(new URL(page.url()).pathname, "/web/login");
  await close();
});

test("passkeys are added, named and removed, but for the last; recovery codes are renewed", async () => {
  const { page, problems, close } = await openPage(browser);
  const first = await addAuthenticator(page, { keys });
  await page.goto(security());
  await islandsReady(page);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByRole("heading", { name: "Security", exact: true }).waitFor();
  await assertAccessible(page);
  keys = await first.keys();

  // The authenticator that knows the account already refuses; the page says it in words.
  await page.getByLabel("Name of the passkey").fill("again");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("This passkey is registered already").waitFor();

  await first.remove();
  const phone = await addAuthenticator(page);
  await page.getByLabel("Name of the passkey").fill("phone");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText('Passkey "phone" added').waitFor();
  assert.equal(await page.locator(".passkeys__row").count(), 2);
  await assertAccessible(page);

  await page.getByRole("link", { name: "laptop" }).click();
  await page.getByRole("heading", { name: "laptop" }).waitFor();
  await page.getByLabel("Name of the passkey").fill("old laptop");
  await page.getByRole("button", { name: "Save name" }).click();
  await page.getByRole("link", { name: "old laptop" }).click();
  await page.getByText("Remove this passkey …").click();
  await assertAccessible(page);
  await page.getByRole("button", { name: "Remove passkey" }).click();
  await page.getByText('Passkey "old laptop" removed').waitFor();
  assertQuiet(problems);

  await page.getByRole("link", { name: "phone" }).click();
  await page.getByText("Remove this passkey …").click();
  await page.getByRole("button", { name: "Remove passkey" }).click();
  await page.getByText("This is the last second factor of the account").waitFor();
  await page.goto(security());
  await islandsReady(page);

  await page.getByText("New recovery codes …").click();
  await page.getByRole("button", { name: "Make new codes" }).click();
  const renewed = (await page.locator(".recovery-codes code").innerText()).trim().split("\n");
  assert.equal(renewed.length, 10);
  assert.ok(renewed.every((code) => !codes.includes(code)));
  codes = renewed;
  keys = await phone.keys();
  await close();
});

test("without scripts a recovery code signs in, once, and the page says what passkeys need", async () => {
  const { page, close } = await openPage(browser, { javaScriptEnabled: false });
  await page.goto(`${server.origin}/web/login`);
  assert.ok(await page.getByText("To sign in with a passkey, allow this page to run scripts.").isVisible());
  assert.ok(!(await page.getByRole("button", { name: "Sign in with a passkey" }).isVisible()));
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
  assert.ok(await page.getByText("A passkey or security key needs scripts").isVisible());
  await page.getByText("Use a recovery code").click();
  await page.getByLabel("Recovery code").fill(codes[0]);
  await page.getByRole("button", { name: "Use recovery code" }).click();
  await atHome(page);
  await page.goto(security());
  assert.ok(await page.getByText("9 codes left").isVisible());
  await close();
});

test("at another name of the same server the page says where passkeys work", async () => {
  const { page, close } = await openPage(browser);
  await addAuthenticator(page, { keys });
  await page.goto(`${server.origin.replace("localhost", "127.0.0.1")}/web/login`);
  await islandsReady(page);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText(`Passkeys of this server work at ${server.origin} only`).waitFor();
  await close();
});
