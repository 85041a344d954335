// `tsh login` through a real browser, and the sessions that come of it.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { assertAccessible, assertQuiet, launch, openPage } from "../src/browser.mjs";
import { signIn, signUp } from "../src/console.mjs";
import { startServer } from "../src/server.mjs";
import { assertQuietButForTheWayBack, notingBrowser, startLogin } from "../src/tsh.mjs";

const PICTURES = new URL("../screenshots/", import.meta.url).pathname;

let browser;
let server;
let authenticator;
/** Signed in, with a second factor that is fresh for 5 minutes. */
let state;
let folder;

before(async () => {
  await mkdir(PICTURES, { recursive: true });
  browser = await launch();
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), "gatehouse-tsh-"));
  const { page, close } = await openPage(browser);
  authenticator = await signUp(page, server.signup, { name: "admin" });
  await signIn(page, "admin", authenticator);
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  state = await page.context().storageState();
  await close();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test("the browser on this machine carries the login to the terminal", async () => {
  const { program, opened } = await notingBrowser(server, folder);
  const tsh = startLogin(server, folder, "here", ["--auth=browser"], { BROWSER: program });
  const { link, code } = await tsh.asks();
  const { page, problems, close } = await openPage(browser, { storageState: state });
  await page.goto(link);
  await page.getByRole("heading", { name: "Log in a command line?" }).waitFor();
  assert.equal(await page.locator(".cli-login__code").innerText(), code);
  assert.equal(await opened(), link);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await assertAccessible(page);
    for (const width of [390, 1024, 1600]) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: join(PICTURES, `cli-login-${colorScheme}-${width}.png`), fullPage: true });
    }
  }
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("The terminal has its login").waitFor();
  assert.equal(await tsh.ended, 0, tsh.told.log);
  assert.match(tsh.told.out, /Logged in as: admin/);
  assert.ok(page.url().startsWith(`${server.origin}/web/cli/login?id=`), "no code in the address");
  await assertAccessible(page);
  assertQuietButForTheWayBack(problems);
  await close();
});

test("a browser on another machine is waited for, without scripts too", async () => {
  const tsh = startLogin(server, folder, "there", ["--no-browser"]);
  const { link, code } = await tsh.asks();
  const { page, close } = await openPage(browser, { javaScriptEnabled: false, storageState: state });
  await page.goto(link);
  assert.equal(await page.getByText(code).count(), 0, "the terminal alone shows it");
  await page.getByLabel("The code that your terminal shows").fill(code.toLowerCase());
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByRole("heading", { name: "Approved" }).waitFor();
  assert.equal(await tsh.ended, 0, tsh.told.log);
  await close();
});

test("a login that is denied tells terminal and person", async () => {
  const { program } = await notingBrowser(server, folder);
  const tsh = startLogin(server, folder, "denied", ["--browser"], { BROWSER: program });
  const { link } = await tsh.asks();
  const { page, problems, close } = await openPage(browser, { storageState: state });
  await page.goto(link);
  await page.getByRole("button", { name: "Deny" }).click();
  await page.getByText("That command line was not logged in").waitFor();
  assert.equal(await tsh.ended, 1);
  assert.match(tsh.told.log, /denied in the browser/);
  await assertAccessible(page);
  assertQuietButForTheWayBack(problems);
  await close();
});

test("sessions are listed, one is marked, and the others end at once", async () => {
  const first = await openPage(browser, { storageState: state });
  await first.page.goto(`${server.origin}/web/account/sessions`);
  await first.page.getByRole("heading", { name: "Your sessions" }).waitFor();
  const second = await openPage(browser);
  await second.page.goto(`${server.origin}/web/account`);
  await signIn(second.page, "admin", authenticator);
  await second.page.getByRole("heading", { name: "Account", exact: true }).waitFor();

  await first.page.reload();
  assert.equal(await first.page.getByText("This session", { exact: true }).count(), 1);
  assert.ok((await first.page.getByText(/^Chrome \d+ on Linux/).count()) >= 2);
  assert.ok((await first.page.getByText(/^tsh \d/).count()) >= 2);
  for (const colorScheme of ["light", "dark"]) {
    await first.page.emulateMedia({ colorScheme });
    await assertAccessible(first.page);
  }
  await first.page.getByText("End all others").first().click();
  await first.page.getByRole("button", { name: "End all others" }).click();
  await first.page.getByText(/other sessions ended/).waitFor();
  assert.equal(await first.page.locator("table tbody tr").count(), 1);
  assertQuiet(first.problems);

  await second.page.goto(`${server.origin}/web/account`);
  await second.page.getByRole("heading", { name: "Sign in" }).waitFor();
  await first.page.goto(`${server.origin}/web/sessions`);
  await first.page.getByRole("heading", { name: "Sessions", exact: true }).waitFor();
  await assertAccessible(first.page);
  assertQuiet(first.problems);
  await first.close();
  await second.close();
});
