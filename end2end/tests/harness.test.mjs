// The equipment itself: that faults on a page are seen, and that codes and start-up lines are read right.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertAccessible, assertQuiet, launch, openPage } from "../src/browser.mjs";
import { parseReady } from "../src/server.mjs";
import { Authenticator, codeAt, fromBase32 } from "../src/totp.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(async () => browser?.close());

const html = (body) =>
  `data:text/html;charset=utf-8,${encodeURIComponent(`<!doctype html><html lang="en"><title>T</title><main>${body}</main>`)}`;

test("a sound page passes and can be clicked", async () => {
  const { page, problems, close } = await openPage(browser);
  await page.goto(html(`<h1>Door</h1><button onclick="this.textContent='Open'">Shut</button>`));
  await page.getByRole("button", { name: "Shut" }).click();
  await page.getByRole("button", { name: "Open" }).waitFor();
  await assertAccessible(page);
  assertQuiet(problems);
  await close();
});

test("faults on a page are reported", async () => {
  const { page, problems, close } = await openPage(browser);
  await page.goto(html(`<h1>Door</h1><img src="data:,"><script>console.error("creak"); throw new Error("stuck")</script>`));
  assert.throws(() => assertQuiet(problems), /creak/);
  assert.ok(problems.some((problem) => problem.includes("stuck")), problems.join());
  await assert.rejects(assertAccessible(page), /image-alt/);
  await close();
});

test("codes are those of RFC 6238 appendix B", () => {
  const secret = Buffer.from("12345678901234567890");
  for (const [seconds, code] of [
    [59, "287082"],
    [1111111109, "081804"],
    [20000000000, "353130"],
  ]) {
    assert.equal(codeAt(secret, Math.floor(seconds / 30)), code);
  }
  assert.deepEqual(fromBase32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), secret);
});

test("an authenticator gives each step once and stays within the window", async () => {
  let now = 3000;
  const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  const authenticator = new Authenticator(secret, () => now);
  const steps = [99, 100, 101].map((step) => codeAt(fromBase32(secret), step));
  assert.deepEqual([await authenticator.next(), await authenticator.next(), await authenticator.next()], steps);
  const waiting = authenticator.next();
  now += 30;
  assert.equal(await waiting, codeAt(fromBase32(secret), 102));
  now = 3025;
  const late = new Authenticator(secret, () => now);
  assert.equal(await late.next(), codeAt(fromBase32(secret), 100), "not one that is over in a moment");
});

test("start-up lines are read once they are complete", () => {
  const pin = `sha256:${"ab".repeat(32)}`;
  const lines = ["Gatehouse 0.1.0 is ready on https://localhost:3080", `CA pin: ${pin}`];
  assert.equal(parseReady(lines.join("\n")), null);
  assert.deepEqual(parseReady(lines.join("\n"), { firstStart: false }), {
    url: "https://localhost:3080",
    caPin: pin,
    signup: undefined,
  });
  lines.push("Create the first admin: https://localhost:3080/web/signup/abc");
  assert.equal(parseReady(lines.join("\n")).signup, "https://localhost:3080/web/signup/abc");
});
