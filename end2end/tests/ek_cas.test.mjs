// Whose TPMs are trusted: the editor of the list with its previews, and a TPM of an unknown maker that awaits review.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { assertQuiet, launch, look, openPage } from "../src/browser.mjs";
import { PASSWORD, openSignedIn, signUp } from "../src/console.mjs";
import { startMachine } from "../src/device.mjs";
import { startMaker } from "../src/maker.mjs";
import { startServer } from "../src/server.mjs";

const SERIAL = "PF3AB12C";

let browser;
let server;
let machine;
let authenticator;
const [known, unknown] = [startMaker("A maker that is known"), startMaker("A maker that nobody knows")];

before(async () => {
  browser = await launch();
  server = await startServer();
  machine = await startMachine(SERIAL);
  await unknown.equip(machine);
  const { page, close } = await openPage(browser);
  authenticator = await signUp(page, server.signup, { name: "admin" });
  await close();
});
after(async () => {
  await browser?.close();
  await machine?.stop();
  await server?.stop();
});

const signedIn = (path, options) => openSignedIn(browser, server, authenticator, path, options);

/** Enrols the machine in vain or not; resolves to what tsh printed. */
async function enrols(token) {
  return machine.tsh(["device", "enroll", `--token=${token}`]).catch((error) => error.message);
}

async function newToken() {
  const told = await server.tctl("devices", "enroll", `--asset-tag=${SERIAL}`);
  return told.match(/--token=(\S+)/)?.[1] ?? told.match(/token: (\S+)/)[1];
}

test("a CA is looked at before it is allowed, and before it no longer is, without scripts as well", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { page, problems, close } = await signedIn("/web/settings/cas", { javaScriptEnabled });
    await page.getByText("None is listed").waitFor();
    await page.getByLabel("Or paste certificates (PEM)").fill(known.pem);
    await page.getByRole("button", { name: "Show what they cover" }).click();
    await page.getByRole("heading", { name: "What they would do" }).waitFor();
    await page.getByText("Nothing was verified so far").waitFor();
    if (javaScriptEnabled) await look(page, "ek-cas-preview");
    await page.getByRole("button", { name: "Allow this CA" }).click();
    await page.getByText("One CA was added").waitFor();
    await page.locator("table").getByText(known.fingerprint).waitFor();
    if (javaScriptEnabled) await look(page, "ek-cas");
    await page.getByRole("checkbox", { name: /^Choose .*A maker that is known/ }).check();
    await page.getByRole("button", { name: "Show what removing the chosen ones would do" }).click();
    await page.getByText("No CA is left then").waitFor();
    if (javaScriptEnabled) await look(page, "ek-cas-remove");
    await page.getByRole("button", { name: "Remove this CA" }).click();
    await page.getByText("One CA was removed").waitFor();
    // A browser without scripts says that it did not load them.
    if (javaScriptEnabled) assertQuiet(problems);
    await close();
  }
});

test("a TPM of an unknown maker awaits review, and allowing its CA lets it in", async () => {
  const { page, problems, close } = await signedIn("/web/reviews");
  await page.getByRole("heading", { name: "Nothing awaits review" }).waitFor();
  await server.tctl("devices", "add", "--os=linux", `--asset-tag=${SERIAL}`);
  const list = `${server.dataDir}/known.pem`;
  await writeFile(list, known.pem);
  await server.tctl("ekcas", "add", list);
  const code = await authenticator.next();
  const login = ["login", `--proxy=${new URL(server.origin).host}`, `--ca-pin=${server.caPin}`, "--user=admin"];
  await machine.tsh(login, [PASSWORD, code]);
  const said = await enrols(await newToken());
  assert.match(said, /ended with 1: error: awaiting review/);
  // The list that lies open follows.
  await page.getByRole("link", { name: SERIAL }).waitFor();
  await look(page, "reviews");
  await page.getByRole("link", { name: SERIAL }).click();
  await page.getByRole("heading", { name: "The TPM" }).waitFor();
  await page.getByText("A maker that nobody knows").first().waitFor();
  await page.getByLabel("Or paste the certificate (PEM)").fill(unknown.pem);
  await page.getByRole("button", { name: "Show what it covers" }).click();
  await page.getByText("0 enrolled and 1 registered devices").waitFor();
  await look(page, "review");
  await page.getByRole("button", { name: "Allow the CA and accept" }).click();
  await page.getByText("The CA is allowed from now on").waitFor();
  await page.getByText("accepted, CA allowed").waitFor();
  await look(page, "review-decided");
  // The key that asked is the one that counts: a login is enough.
  const told = await machine.tsh([...login, "--require-device"], [PASSWORD, await authenticator.next()]);
  assert.match(told, new RegExp(`Device "${SERIAL}"/Linux: trusted`));
  assertQuiet(problems);
  await close();
});
