// What a person does in the console.

import assert from "node:assert/strict";

import { openPage } from "./browser.mjs";
import { Authenticator } from "./totp.mjs";

export const PASSWORD = "correct horse battery staple";

/** Redeems a sign-up link with an authenticator app; `name` only where the link is for the first admin. Resolves to the app. */
export async function signUp(page, link, { name } = {}) {
  await page.goto(`${link}?factor=app`);
  if (name) await page.getByLabel("User name").fill(name);
  const authenticator = new Authenticator((await page.locator("[data-secret]").innerText()).replaceAll(" ", ""));
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByLabel("The same password again").fill(PASSWORD);
  await page.getByLabel("One-time code").fill(await authenticator.next());
  await page.getByRole("button", { name: "Save and continue" }).click();
  await page.getByRole("link", { name: "I have kept them: sign in" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  return authenticator;
}

/**
 * Fills in the sign-in form that is open, and the one for the second factor that follows. Where the console then offers to
 * authorize the session with a device, that is left out unless `authorizes`.
 */
export async function signIn(page, name, authenticator, { authorizes = false } = {}) {
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
  await page.getByLabel("One-time code").fill(await authenticator.next());
  await page.getByRole("button", { name: "Confirm code" }).click();
  await page.locator("#layout[data-layout=console], [role=alert]").first().waitFor();
  if (!authorizes && new URL(page.url()).pathname === "/web/device/authorize") {
    await page.getByRole("link", { name: "Continue without" }).click();
    await page.waitForURL((url) => url.pathname !== "/web/device/authorize");
  }
}

/** What the browser of somebody who signed in keeps, by the authenticator that the sign-in was confirmed with. */
const kept = new WeakMap();

/**
 * Opens a page of the console on which somebody is signed in: with the session of the time before while that lasts, as
 * another code takes half a minute to come.
 */
export async function openSignedIn(browser, server, authenticator, path, { name = "admin", ...options } = {}) {
  const opened = await openPage(browser, { storageState: kept.get(authenticator), ...options });
  const { page } = opened;
  await page.goto(`${server.origin}${path}`);
  if (new URL(page.url()).pathname === "/web/login") {
    await signIn(page, name, authenticator);
    kept.set(authenticator, await page.context().storageState());
  }
  await page.locator("#layout[data-layout=console]").waitFor();
  if (options.javaScriptEnabled !== false) await islandsReady(page);
  return opened;
}

/** The rows of the table that is shown, each a list of its cells' texts. */
export async function rows(page) {
  return page.locator("table tbody tr").evaluateAll((found) =>
    found.map((row) => [...row.cells].map((cell) => cell.innerText.trim())),
  );
}

/** Fails unless the islands have come to life. */
export async function islandsReady(page) {
  await page.locator("html[data-islands=ready]").waitFor({ timeout: 15_000 });
  assert.equal(await page.locator("html").getAttribute("data-islands"), "ready");
}
