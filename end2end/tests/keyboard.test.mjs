// The console by the keyboard alone: every step is a key, and one always sees where one is.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertQuiet, launch, openPage } from "../src/browser.mjs";
import { PASSWORD, islandsReady, signUp } from "../src/console.mjs";
import { startServer } from "../src/server.mjs";

/** More elements than any page has on the way. */
const MOST_STEPS = 80;

let browser;
let server;
let authenticator;

before(async () => {
  browser = await launch();
  server = await startServer();
  const { page, close } = await openPage(browser);
  authenticator = await signUp(page, server.signup, { name: "admin" });
  await close();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** What has the focus: its words, and whether it can be seen that it has it. */
async function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const label = element.labels?.[0]?.innerText ?? element.getAttribute("aria-label") ?? element.innerText ?? "";
    const style = getComputedStyle(element);
    const { top, bottom, left, right } = element.getBoundingClientRect();
    // Of a time, the browser marks the part that is at work.
    const isTime = element.type === "datetime-local";
    const isMarked = isTime || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
    const isInSight = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
    return { label: label.trim(), tag: element.tagName, isSeen: isMarked && isInSight };
  });
}

/** Presses Tab until the element with these words has the focus; everything on the way must show that it has it. */
async function tabTo(page, words) {
  for (let step = 0; step < MOST_STEPS; step += 1) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    // The page itself, where the way past its head leads.
    if (["BODY", "MAIN"].includes(at.tag)) continue;
    assert.ok(at.isSeen, `the focus on "${at.label}" (${at.tag}) cannot be seen`);
    if (at.label === words) return;
  }
  assert.fail(`"${words}" cannot be reached`);
}

async function type(page, label, text) {
  await tabTo(page, label);
  await page.keyboard.type(text);
}

/** Goes down a list of choices to the one with these words. */
async function choose(page, label, words) {
  await tabTo(page, label);
  const chosen = () => page.evaluate(() => document.activeElement.selectedOptions?.[0]?.innerText.trim());
  for (let step = 0; step < MOST_STEPS && (await chosen()) !== words; step += 1) await page.keyboard.press("ArrowDown");
  assert.equal(await chosen(), words);
}

for (const width of [390, 1024]) {
  test(`signing in, adding and locking a device, and signing out, at ${width} pixels`, async () => {
    const { page, problems, close } = await openPage(browser, { viewport: { width, height: 800 } });
    const tag = `KEYS-${width}`;
    await page.goto(`${server.origin}/web/devices/add`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.keyboard.type("admin");
    await type(page, "Password", PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
    await type(page, "One-time code", await authenticator.next());
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Add a device" }).waitFor();
    await islandsReady(page);

    // Past everything that stands at the top of each page. The page is not asked for again, which would empty the form.
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await tabTo(page, "Skip to content");
    await page.keyboard.press("Enter");
    await choose(page, "Operating system", "Linux");
    await type(page, "Asset tag", tag);
    assert.deepEqual(asked.filter((url) => url.includes("/web/devices/add")), []);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: tag }).waitFor();

    await page.reload();
    await page.getByRole("heading", { name: tag }).waitFor();
    await islandsReady(page);
    await tabTo(page, "Lock");
    await page.keyboard.press("Enter");
    await type(page, "Message", "left on a train");
    await page.keyboard.press("Enter");
    await page.getByText(`Device ${tag} locked`).waitFor();
    await page.getByText("left on a train").waitFor();

    // A menu is opened, left and opened again.
    const menu = page.locator("#viewer");
    await menu.locator("summary").focus();
    await page.keyboard.press("Enter");
    await tabTo(page, "Sign out");
    await page.keyboard.press("Enter");
    await page.getByText("You are signed out.").waitFor();
    assertQuiet(problems);
    await close();
  });
}
