// Every page, in both themes and three widths: accessible, quiet, of one origin, and readable with larger text. The
// pictures are kept in `screenshots/`, to be looked at.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { assertAccessible, assertQuiet, launch, openPage } from "../src/browser.mjs";
import { islandsReady, signIn, signUp } from "../src/console.mjs";
import { devices } from "../src/seed.mjs";
import { startServer } from "../src/server.mjs";

const PICTURES = new URL("../screenshots/", import.meta.url).pathname;
const WIDTHS = [390, 1024, 1600];
const THEMES = ["light", "dark"];

/** Address, name of its picture, and the heading that says that it is there. */
const PAGES = [
  ["/web/devices", "devices", "Devices"],
  ["/web/account", "account", "Account"],
];

let browser;
let server;
let state;

before(async () => {
  await mkdir(PICTURES, { recursive: true });
  browser = await launch();
  server = await startServer();
  const { page, close } = await openPage(browser);
  const authenticator = await signUp(page, server.signup, { name: "admin" });
  await signIn(page, "admin", authenticator);
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  state = await page.context().storageState();
  await close();
  const file = join(server.dataDir, "devices.yaml");
  await writeFile(file, devices(60));
  await server.tctl("create", "-f", file);
  await server.tctl("users", "add", "alice", "--roles=access", "--logins=alice");
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const [path, name, heading] of PAGES) {
  test(`${path} in both themes and three widths`, async () => {
    for (const colorScheme of THEMES) {
      const { page, problems, close } = await openPage(browser, { colorScheme, storageState: state });
      await page.goto(`${server.origin}${path}`);
      await page.getByRole("heading", { name: heading, exact: true }).first().waitFor();
      await islandsReady(page);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await assertNoOverflow(page, `${path} at ${width} pixels`);
        await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}-${width}.png`), fullPage: true });
        await assertAccessible(page);
      }
      // WCAG 2.2, 1.4.4: text of twice the size.
      await page.setViewportSize({ width: 1024, height: 900 });
      await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
      await assertNoOverflow(page, `${path} with text of twice the size`);
      assertQuiet(problems);
      await close();
    }
  });
}

/** Only tables and code may scroll sideways, in frames of their own. */
async function assertNoOverflow(page, where) {
  const [inside, wide] = await page.evaluate(() => [
    document.documentElement.clientWidth,
    document.documentElement.scrollWidth,
  ]);
  assert.ok(wide <= inside, `${where} is ${wide - inside} pixels too wide`);
}
