// Makes the README's picture of the console: `npm run picture`, with the built programs and site.

import { launch, openPage } from "./src/browser.mjs";
import { PASSWORD, islandsReady, signIn, signUp } from "./src/console.mjs";
import { startMachine } from "./src/device.mjs";
import { startServer } from "./src/server.mjs";

const DEVICES = [
  ["linux", "PF3AB12C"],
  ["linux", "PF4KX8QZ"],
  ["macos", "C02XK0AAJGH5"],
  ["macos", "FVFDN0CAQ05N"],
  ["windows", "5CG1234ABC"],
];
/** Those that are here, and enrolled. */
const MACHINES = ["PF3AB12C", "PF4KX8QZ"];

/** Logs in and enrols on a machine. */
async function enrol(server, serial, authenticator) {
  const machine = await startMachine(serial);
  try {
    const login = ["login", `--proxy=${new URL(server.origin).host}`, "--user=admin", `--ca-pin=${server.caPin}`];
    await machine.tsh(login, [PASSWORD, await authenticator.next()]);
    const words = await server.tctl("devices", "enroll", `--asset-tag=${serial}`);
    await machine.tsh(["device", "enroll", `--token=${words.match(/--token=(\S+)/)[1]}`]);
    await machine.tsh(login, [PASSWORD, await authenticator.next()]);
  } finally {
    await machine.stop();
  }
}

const browser = await launch();
const server = await startServer();
try {
  for (const [os, tag] of DEVICES) await server.tctl("devices", "add", `--os=${os}`, `--asset-tag=${tag}`);
  const { page } = await openPage(browser, { viewport: { width: 1200, height: 560 }, colorScheme: "light" });
  const authenticator = await signUp(page, server.signup, { name: "admin" });
  for (const serial of MACHINES) await enrol(server, serial, authenticator);
  await server.tctl("devices", "lock", "--asset-tag=FVFDN0CAQ05N", "--message=lost");
  await signIn(page, "admin", authenticator);
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  await islandsReady(page);
  await page.screenshot({ path: new URL("../docs/console.png", import.meta.url).pathname });
} finally {
  await browser.close();
  await server.stop();
}
