// A desktop of its own: a display without a screen, a home with a handler of links, and a Chromium with windows.

import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { CHROMIUM, FLAGS } from "./browser.mjs";

const ZENITY = "/usr/bin/zenity";
const PATIENCE_MS = 20_000;

/** With windows there is no context that ignores the server's own certificate; the wrapper for $BROWSER must say the same. */
const DESKTOP_FLAGS = [...FLAGS, "--ignore-certificate-errors"];

/**
 * Starts a desktop on which links of `origin` with this scheme open by themselves, without a question of the browser's.
 * Nothing is written outside of its folder. Call `stop` when done. Needs Xvfb, xdg-utils and Chromium.
 */
export async function startDesktop(origin, scheme = "gatehouse") {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-desktop-"));
  const profile = join(folder, "profile");
  await mkdir(join(profile, "Default"), { recursive: true });
  for (const name of ["home", "bin", "data", "config", "cache", "runtime"]) await mkdir(join(folder, name), { mode: 0o700 });
  // What the browser's own question would have written, had somebody ticked "always allow".
  const allowed = { allowed_origin_protocol_pairs: { [origin]: { [scheme]: true } } };
  await writeFile(join(profile, "Default/Preferences"), JSON.stringify({ protocol_handler: allowed }));

  const screen = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const ended = new Promise((resolve) => {
    screen.once("close", resolve);
    screen.once("error", resolve);
  });
  const display = await new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error("Xvfb was not ready in time")), PATIENCE_MS);
    screen.once("error", (error) => reject(new Error(`Xvfb did not start (apt-get install xvfb): ${error.message}`)));
    screen.stdio[3].once("data", (number) => resolve(`:${String(number).trim()}`) ?? clearTimeout(limit));
  });

  const browser = join(folder, "bin/browser");
  const words = [CHROMIUM, ...DESKTOP_FLAGS, `--user-data-dir=${profile}`].map((word) => `'${word}'`).join(" ");
  const { DBUS_SESSION_BUS_ADDRESS: _bus, WAYLAND_DISPLAY: _wayland, SSH_CONNECTION: _ssh, ...plain } = process.env;
  const env = {
    ...plain,
    DISPLAY: display,
    HOME: join(folder, "home"),
    XDG_DATA_HOME: join(folder, "data"),
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_RUNTIME_DIR: join(folder, "runtime"),
    PATH: `${join(folder, "bin")}:${process.env.PATH}`,
    BROWSER: browser,
  };
  await program(browser, `exec ${words} "$@"`);

  const asked = join(folder, "asked");
  let context;
  return {
    env,
    /** The browser of this desktop, with windows; `extra` for what its programs are to find in their environment. */
    async browser(extra = {}) {
      context = await chromium.launchPersistentContext(profile, {
        executablePath: CHROMIUM,
        headless: false,
        ignoreHTTPSErrors: true,
        locale: "en-GB",
        args: DESKTOP_FLAGS,
        env: { ...env, ...extra },
      });
      return context;
    },
    /** Stands for the person who is asked: says yes to everything, and keeps what it was asked. */
    async saysYes() {
      await program(join(folder, "bin/zenity"), `printf '%s\\n' "$@" >> '${asked}'`);
    },
    /** Lets the real zenity ask, in a window. */
    async asksInWindows() {
      await program(join(folder, "bin/zenity"), `printf '%s\\n' "$@" >> '${asked}'; exec '${ZENITY}' "$@"`);
    },
    /** What was asked so far. */
    asked: () => readFile(asked, "utf8"),
    /** The person looks at the window that asks as soon as it is there, and presses these keys. Needs xdotool. */
    async presses(...keys) {
      const words = ["search", "--sync", "--onlyvisible", "--name", "^Gatehouse$", "windowfocus", "--sync"];
      await finished("xdotool", [...words, "key", "--delay", "40", ...keys], env);
    },
    /** A program in the place of the browser that notes when it was started, and with what. */
    async stamps() {
      const [name, noted] = [join(folder, "bin/stamp"), join(folder, "stamped")];
      await program(name, `printf '%s %s\\n' "$(date +%s%3N)" "$1" > '${noted}.new' && mv '${noted}.new' '${noted}'`);
      return {
        program: name,
        async read() {
          const limit = Date.now() + PATIENCE_MS;
          for (;;) {
            const text = await readFile(noted, "utf8").catch(() => "");
            if (text) return { at: Number(text.split(" ")[0]), address: text.trim().split(" ")[1] };
            if (Date.now() > limit) throw new Error("no browser was opened");
            await new Promise((resolve) => setImmediate(resolve));
          }
        },
      };
    },
    async stop() {
      await context?.close();
      screen.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Runs a program to its end; rejects if that is not a good one. */
async function finished(name, words, env) {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    const child = spawn(name, words, { env, stdio: "ignore" });
    child.once("error", (error) => reject(new Error(`${name} did not start (apt-get install ${name}): ${error.message}`)));
    child.once("close", (code) => {
      clearTimeout(limit);
      code === 0 ? resolve() : reject(new Error(`${name} ${words.join(" ")} ended with ${code}`));
    });
  });
}

async function program(path, body) {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}
