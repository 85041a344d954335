// Debian's Chromium, and a page that reports everything that goes wrong on it.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const axeFile = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Where pictures of the pages are kept. */
export const PICTURES = new URL("../screenshots/", import.meta.url).pathname;

/** The program, and how every test starts it. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const FLAGS = [
  // Chromium's sandbox refuses to run as root.
  ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  // No calls to its maker's hosts: the tests need no network.
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts the browser. One serves a whole test file; `openPage` keeps the tests apart. */
export async function launch() {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
}

/** A page in a profile of its own. `problems` fills with console errors and warnings, exceptions and failed requests. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-GB", ...options });
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`exception: ${error.message}`));
  // The console is all of one origin.
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== "data:" && hostname !== "localhost") problems.push(`a request to elsewhere: ${request.url()}`);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    // What a navigation cuts short is no failure.
    if (why !== "net::ERR_ABORTED") problems.push(`request: ${request.url()}: ${why}`);
  });
  return { page, problems, close: () => context.close() };
}

/** Fails if anything went wrong on the page so far. */
export function assertQuiet(problems) {
  assert.deepEqual(problems, [], "the browser's console must stay empty");
}

/** Fails with a readable list if axe finds an accessibility fault on the page. */
export async function assertAccessible(page) {
  const axe = await readFile(axeFile, "utf8");
  // Through the debugger, as the page's own policy forbids scripts that it did not name.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const list = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((n) => n.target.join(" ")).join(", ")}`);
  assert.deepEqual(list, [], "axe found accessibility faults");
}

/** Keeps how the page looks in both themes and three widths, where nothing may be wider than the window, and lets axe look at it. */
export async function look(page, name) {
  await mkdir(PICTURES, { recursive: true });
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of [390, 1024, 1600]) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: `${PICTURES}${name}-${theme}-${width}.png`, fullPage: true });
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wider <= 0, `${name} is ${wider} pixels wider than a window of ${width}`);
    }
    await assertAccessible(page);
  }
}
