// Every page, in both themes and three widths: accessible, quiet, of one origin, and readable with larger text. The
// pictures are kept in `screenshots/`, to be looked at.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { PICTURES, assertAccessible, assertQuiet, launch, openPage } from "../src/browser.mjs";
import { PASSWORD, islandsReady, signIn, signUp } from "../src/console.mjs";
import { startMachine } from "../src/device.mjs";
import { startMaker } from "../src/maker.mjs";
import { devices } from "../src/seed.mjs";
import { startServer } from "../src/server.mjs";

const WIDTHS = [390, 1024, 1600];
const THEMES = ["light", "dark"];

/** Address, name of its picture, and the heading that says that it is there. */
const PAGES = [
  ["/web/devices", "devices", "Devices"],
  ["/web/devices?q=nothing-is-called-so", "devices-none-found", "Devices"],
  ["/web/devices/add", "device-add", "Add a device"],
  ["/web/devices/import", "devices-import", "Import devices"],
  ["/web/devices/<device>", "device", "SEED-00000"],
  ["/web/devices/00000000-0000-4000-8000-000000000000", "device-gone", "No such device"],
  ["/web/devices/ship-ahead", "ship-ahead", "Announced TPMs"],
  ["/web/devices/insights", "insights", "Insights"],
  ["/web/reviews", "reviews", "Reviews"],
  ["/web/reviews/<review>", "review", "The TPM"],
  ["/web/devices/<reviewed>", "device-reviewed", "REVIEW-1"],
  ["/web/tokens", "tokens", "Enrolment tokens"],
  ["/web/tokens?q=nothing-is-called-so&state=spent", "tokens-none-found", "No token is found"],
  ["/web/users", "users", "Users"],
  ["/web/users/~new", "user-invite", "Invite a user"],
  ["/web/users/alice", "user", "alice"],
  ["/web/users/admin", "user-signed-in", "admin"],
  ["/web/roles", "roles", "Roles"],
  ["/web/roles/~new", "role-new", "New role"],
  ["/web/roles/editor", "role", "editor"],
  ["/web/settings", "settings", "Device trust"],
  ["/web/settings/cas", "ek-cas", "EKCert CAs"],
  ["/web/settings/locked-out?mode=required", "locked-out", "Who would be locked out"],
  ["/web/locks", "locks", "Locks"],
  ["/web/audit", "audit", "Audit log"],
  ["/web/sessions", "sessions", "Sessions"],
  ["/web/account", "account", "Account"],
  ["/web/account/security", "security", "Security"],
  ["/web/account/security/authenticator", "authenticator", "Authenticator app"],
  ["/web/account/confirm", "confirm", "Confirm that it is you"],
  ["/web/account/sessions", "own-sessions", "Your sessions"],
  ["/web/nowhere", "not-found", "Page not found"],
  ["/web/users?after=%00", "place-not-found", "This place in the list is not there"],
  ["/web/audit?outcome=perhaps", "audit-not-found", "Audit log"],
  ["/web/login?next=/web/users/~new&done=not-saved", "login", "Sign in"],
];

/** Pages for people who are not signed in. */
const ENTRY = /^login$/;
/** Addresses that the server answers with a failure, on purpose. */
const REFUSED = /(device-gone|not-found)$/;

let browser;
let server;
let state;
let authenticator;
/** What stands in addresses for names that are not known before. */
const names = {};

before(async () => {
  await mkdir(PICTURES, { recursive: true });
  browser = await launch();
  server = await startServer();
  const { page, close } = await openPage(browser);
  authenticator = await signUp(page, server.signup, { name: "admin" });
  await signIn(page, "admin", authenticator);
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  state = await page.context().storageState();
  await close();
  const file = join(server.dataDir, "devices.yaml");
  await writeFile(file, devices(60));
  await server.tctl("create", "-f", file);
  await server.tctl("users", "add", "alice", "--roles=access", "--logins=alice");
  await server.tctl("devices", "enroll", "--asset-tag=SEED-00000");
  await server.tctl("lock", "--user=alice", "--message=lost her laptop");
  await server.tctl("devices", "add", "--os=linux", "--asset-tag=REVIEW-1");
  const id = async (tag) => JSON.parse(await server.tctl("get", `device/${tag}`, "--format=json"))[0].metadata.name;
  names.device = await id("SEED-00000");
  names.reviewed = await id("REVIEW-1");
  names.review = await review("REVIEW-1");
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const [path, name, heading] of PAGES) {
  test(`${path} in both themes and three widths`, async () => inspect(path, name, heading));
}

test("the page for a browser elsewhere in both themes and three widths", async () => {
  await server.require("optional", ["remote_browser: true"]);
  await inspect("/web/device/authorize/remote?next=/web/account", "authorize-remote-refused", "This session cannot be authorized");
  const machine = await startMachine("REMOTE-1");
  try {
    await server.tctl("devices", "add", "--os=linux", "--asset-tag=REMOTE-1");
    assert.match(await enrols(machine, "REMOTE-1"), /enrolled/);
  } finally {
    await machine.stop();
  }
  const { page, close } = await openPage(browser, { storageState: state });
  await page.goto(`${server.origin}/web/account/confirm`);
  await page.getByLabel("One-time code").fill(await authenticator.next());
  await page.getByRole("button", { name: "Confirm code" }).click();
  await page.waitForURL((url) => url.pathname !== "/web/account/confirm");
  state = await page.context().storageState();
  await close();
  await inspect("/web/device/authorize/remote?next=/web/account", "authorize-remote", "Authorize this session from another machine");
});

/** Signs in on a machine and enrols it; resolves to what tsh printed. */
async function enrols(machine, tag) {
  const login = ["login", `--proxy=${new URL(server.origin).host}`, `--ca-pin=${server.caPin}`, "--user=admin"];
  await machine.tsh(login, [PASSWORD, await authenticator.next()]);
  const told = await server.tctl("devices", "enroll", `--asset-tag=${tag}`);
  const token = told.match(/--token=(\S+)/)[1];
  return machine.tsh(["device", "enroll", `--token=${token}`]).catch((error) => error.message);
}

/** Lets a device with a TPM of an unknown maker ask; resolves to the review's id. */
async function review(tag) {
  const [known, unknown] = [startMaker("A maker that is known"), startMaker("A maker that nobody knows")];
  const list = join(server.dataDir, "known.pem");
  await writeFile(list, known.pem);
  await server.tctl("ekcas", "add", list);
  const machine = await startMachine(tag);
  try {
    await unknown.equip(machine);
    assert.match(await enrols(machine, tag), /awaiting review/);
  } finally {
    await machine.stop();
  }
  const [asked] = JSON.parse(await server.tctl("reviews", "ls", "--format=json"));
  return asked.id;
}

async function inspect(path, name, heading) {
  for (const colorScheme of THEMES) {
    const { page, problems, close } = await openPage(browser, { colorScheme, storageState: ENTRY.test(name) ? undefined : state });
    await page.goto(`${server.origin}${path.replace(/<(\w+)>/, (_, word) => names[word])}`);
    await page.getByRole("heading", { name: heading }).first().waitFor();
    await islandsReady(page);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await assertNoOverflow(page, `${path} at ${width} pixels`);
      await assertTablesFit(page, `${path} at ${width} pixels`);
      await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      await assertAccessible(page);
    }
    // WCAG 2.2, 1.4.4: text of twice the size.
    await page.setViewportSize({ width: 1024, height: 900 });
    await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
    await assertNoOverflow(page, `${path} with text of twice the size`);
    await assertTablesFit(page, `${path} with text of twice the size`);
    assertQuiet(problems.filter((problem) => !(REFUSED.test(name) && /status of 40[04]/.test(problem))));
    await close();
  }
}

/** Nothing of a table is out of sight, and where its heads are not over its cells, each says what it is. */
async function assertTablesFit(page, where) {
  const faults = await page.locator(".table-frame:visible").evaluateAll((frames) =>
    frames.flatMap((frame) => {
      const wide = frame.scrollWidth - frame.clientWidth;
      const isCards = getComputedStyle(frame.querySelector("tbody")).display === "block";
      const unnamed = isCards ? [...frame.querySelectorAll("td:not([data-label])")] : [];
      const cells = unnamed.filter((cell) => cell.innerText.trim() && !cell.querySelector("a, button"));
      return [
        ...(wide > 0 ? [`${frame.ariaLabel} is ${wide} pixels too wide`] : []),
        ...cells.map((cell) => `${frame.ariaLabel}: "${cell.innerText}" has no name`),
      ];
    }),
  );
  assert.deepEqual(faults, [], where);
}

/** Only code may scroll sideways, in frames of its own. */
async function assertNoOverflow(page, where) {
  const [inside, wide] = await page.evaluate(() => [
    document.documentElement.clientWidth,
    document.documentElement.scrollWidth,
  ]);
  assert.ok(wide <= inside, `${where} is ${wide - inside} pixels too wide`);
}
