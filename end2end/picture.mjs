// Makes the README's picture of the console: `npm run picture`, with the built programs and site.

import { launch, openPage } from "./src/browser.mjs";
import { islandsReady, signIn, signUp } from "./src/console.mjs";
import { startServer } from "./src/server.mjs";

const DEVICES = [
  ["linux", "PF3AB12C"],
  ["linux", "PF4KX8QZ"],
  ["macos", "C02XK0AAJGH5"],
  ["macos", "FVFDN0CAQ05N"],
  ["windows", "5CG1234ABC"],
];

const browser = await launch();
const server = await startServer();
try {
  for (const [os, tag] of DEVICES) await server.tctl("devices", "add", `--os=${os}`, `--asset-tag=${tag}`);
  const { page } = await openPage(browser, { viewport: { width: 1200, height: 560 }, colorScheme: "light" });
  await signIn(page, "admin", await signUp(page, server.signup, { name: "admin" }));
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  await islandsReady(page);
  await page.screenshot({ path: new URL("../docs/console.png", import.meta.url).pathname });
} finally {
  await browser.close();
  await server.stop();
}
