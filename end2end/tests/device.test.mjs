// One device from its registration to its end, with the real tsh and a software TPM; and a list of devices.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertQuiet, launch, look, openPage } from "../src/browser.mjs";
import { PASSWORD, openSignedIn, rows, signUp } from "../src/console.mjs";
import { startMachine } from "../src/device.mjs";
import { startServer } from "../src/server.mjs";

const SERIAL = "PF3AB12C";

let browser;
let server;
let machine;
let authenticator;

before(async () => {
  browser = await launch();
  server = await startServer();
  machine = await startMachine(SERIAL);
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

test("a device is added with a token, enrolled by tsh, and the page follows", async () => {
  const { page, problems, close } = await signedIn("/web/devices/add");
  await page.getByLabel("Operating system").selectOption("linux");
  await page.getByLabel("Asset tag").fill(SERIAL);
  await page.getByLabel("Make an enrolment token as well").check();
  await page.getByLabel("Note").fill("for Ada");
  await look(page, "device-add");
  await page.getByRole("button", { name: "Add the device" }).click();
  await page.getByRole("heading", { name: `Enrolment token for ${SERIAL}` }).waitFor();
  const command = (await page.getByLabel("Command that enrols the device").innerText()).trim();
  assert.match(command, /^tsh device enroll --token=\S{43}$/);
  await look(page, "device-token");

  await page.getByRole("link", { name: "To the device" }).click();
  await page.getByRole("heading", { name: SERIAL, exact: true }).waitFor();
  assert.ok(!(await page.content()).includes(command.split("=")[1]), "the token is shown once");
  await look(page, "device-not-enrolled");
  await page.evaluate(() => (globalThis.notReloaded = true));

  const address = new URL(server.origin).host;
  const code = await authenticator.next();
  await machine.tsh(["login", `--proxy=${address}`, "--user=admin", `--ca-pin=${server.caPin}`], [PASSWORD, code]);
  assert.match(await machine.tsh(command.split(" ").slice(1)), /enrolled/);

  await page.locator("#device-state").getByText("enrolled", { exact: true }).waitFor();
  await page.locator("#device-facts").getByText("EK fingerprint (SHA-256)").waitFor();
  await page.locator("#device-boot").getByText("No event log was sent", { exact: false }).waitFor();
  await page.locator("#device-actions").getByText("Un-enrol", { exact: true }).waitFor();
  assert.ok(await page.evaluate(() => globalThis.notReloaded === true), "without a reload");
  await look(page, "device-enrolled");
  await page.locator("#nav").getByRole("link", { name: "Enrolment tokens" }).click();
  await page.getByRole("heading", { name: "Enrolment tokens", exact: true }).waitFor();
  await page.getByLabel("State", { exact: true }).selectOption("all");
  await page.locator("tbody").getByText("spent").waitFor();
  assert.ok((await rows(page))[0].includes("for Ada"));
  await look(page, "tokens");
  assertQuiet(problems);
  await close();
});

test("a device is locked, unlocked, un-enrolled and deleted by typing its tag, also without scripts", async () => {
  for (const [os, javaScriptEnabled] of [["macos", true], ["windows", false]]) {
    const tag = `C-${os}`;
    await server.tctl("devices", "add", `--os=${os}`, `--asset-tag=${tag}`);
    const { page, problems, close } = await signedIn("/web/devices", { javaScriptEnabled });
    const id = JSON.parse(await server.tctl("devices", "ls", "--format=json")).find(
      (device) => device.spec.asset_tag === tag,
    ).metadata.name;
    await page.goto(`${server.origin}/web/devices/${id}`);
    const actions = page.getByRole("group", { name: "Actions" });
    await actions.getByText("Lock", { exact: true }).click();
    await page.getByLabel("How long").selectOption("12h");
    await page.getByLabel("Message").fill("stolen");
    await page.getByRole("button", { name: "Lock the device" }).click();
    await page.getByText(`Device ${tag} locked until`, { exact: false }).waitFor();
    await page.locator("#device-locks").getByText("stolen", { exact: false }).waitFor();
    await actions.getByText("Unlock", { exact: true }).click();
    await page.getByRole("button", { name: "Unlock the device" }).click();
    await page.getByText(`Device ${tag} unlocked`, { exact: false }).waitFor();

    await actions.getByText("Delete", { exact: true }).click();
    await page.getByLabel("to confirm").fill("something else");
    await page.getByRole("button", { name: "Delete the device" }).click();
    await page.getByText("nothing was deleted", { exact: false }).waitFor();
    await page.getByLabel("to confirm").fill(tag);
    await page.getByRole("button", { name: "Delete the device" }).click();
    await page.getByText(`Device ${tag} deleted`, { exact: false }).waitFor();
    await page.goto(`${server.origin}/web/devices/${id}`);
    await page.getByRole("heading", { name: "There is no such device" }).waitFor();
    if (javaScriptEnabled) await look(page, "device-gone");
    // A 404 is what was asked for here, and a 400 before. Without scripts, Chromium complains that it may load none.
    if (javaScriptEnabled) assertQuiet(problems.filter((problem) => !/status of 40[04]/.test(problem)));
    await close();
  }
});

test("a list is shown, confirmed and carried out while the page follows", async () => {
  const { page, problems, close } = await signedIn("/web/devices/import");
  await look(page, "import");
  const lines = ["os_type;asset_tag;owner", "linux;Default string;", "beos;X-1;", "linux;L-1;admin", "linux;l-1;"];
  for (let number = 0; number < 1200; number += 1) lines.push(`windows;W-${number};`);
  const buffer = Buffer.from(`\ufeff${lines.join("\r\n")}\r\n`);
  await page.getByLabel("CSV file").setInputFiles({ name: "laptops.csv", mimeType: "text/csv", buffer });
  await page.getByRole("button", { name: "Show what it would do" }).click();
  await page.getByRole("heading", { name: "laptops.csv" }).waitFor();
  await page.getByText("1,201 devices will be registered", { exact: false }).waitFor();
  await look(page, "import-preview");
  await page.getByRole("link", { name: "Unusable asset tag" }).click();
  await page.getByText("factory placeholder", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Register 1,201 devices" }).click();
  await page.locator("#import-state").getByText("1,201 devices registered", { exact: false }).waitFor();
  await look(page, "import-done");
  const listed = JSON.parse(await server.tctl("devices", "ls", "--format=json"));
  assert.equal(listed.filter((device) => device.spec.asset_tag.startsWith("W-")).length, 1200);
  assertQuiet(problems);
  await close();
});
