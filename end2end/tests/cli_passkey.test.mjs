// A cluster that takes passkeys alone: "Tap any security key" is true for the command line as well.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { addAuthenticator } from "../src/authenticator.mjs";
import { assertAccessible, launch, openPage } from "../src/browser.mjs";
import { PASSWORD, islandsReady } from "../src/console.mjs";
import { startServer } from "../src/server.mjs";
import { assertQuietButForTheWayBack, notingBrowser, startLogin } from "../src/tsh.mjs";

let browser;
let server;
let folder;
/** The authenticator's keys, carried from page to page. */
let keys;

before(async () => {
  browser = await launch();
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), "gatehouse-passkey-"));
  const file = join(folder, "preference.yaml");
  const metadata = "metadata:\n  name: cluster-auth-preference";
  await writeFile(file, `kind: cluster_auth_preference\nversion: v2\n${metadata}\nspec:\n  second_factor: webauthn\n`);
  await server.tctl("create", "-f", file);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test("the first admin signs up with a passkey, and no other way is offered", async () => {
  const { page, close } = await openPage(browser);
  const authenticator = await addAuthenticator(page);
  await page.goto(server.signup);
  await islandsReady(page);
  assert.equal(await page.getByText("Authenticator app", { exact: false }).count(), 0);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByLabel("The same password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Create passkey and continue" }).click();
  await page.getByRole("heading", { name: "Your account is ready" }).waitFor();
  keys = await authenticator.keys();
  await close();
});

test("tsh login opens the browser by itself, and the key that is tapped there logs the terminal in", async () => {
  const { program, opened } = await notingBrowser(server, folder);
  const tsh = startLogin(server, folder, "here", [], { BROWSER: program });
  const { link, code } = await tsh.asks();
  assert.match(tsh.told.log, /security key/i);
  assert.equal(await opened(), link);
  const { page, problems, close } = await openPage(browser);
  const authenticator = await addAuthenticator(page, { keys });
  // Nobody is signed in here yet: the way leads over the sign-in page and back.
  await page.goto(link);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await islandsReady(page);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
  await page.getByRole("button", { name: "Use a passkey or security key" }).click();
  await page.getByRole("heading", { name: "Log in a command line?" }).waitFor();
  assert.equal(await page.locator(".cli-login__code").innerText(), code);
  await assertAccessible(page);
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("The terminal has its login").waitFor();
  assert.equal(await tsh.ended, 0, tsh.told.log);
  assert.match(tsh.told.out, /Logged in as: admin/);
  keys = await authenticator.keys();
  assertQuietButForTheWayBack(problems);
  await close();
});

test("a password alone does not log a terminal in", async () => {
  const tsh = startLogin(server, folder, "password", ["--auth=local"]);
  assert.equal(await tsh.ended, 1);
  assert.equal(tsh.told.out, "");
});
