// `tsh login` as somebody types it, while a browser is at hand.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { assertQuiet } from "./browser.mjs";
import { PROGRAMS } from "./server.mjs";

const PATIENCE_MS = 20_000;

/** Starts `tsh login` of the user `admin` with homes below `folder`; what it says so far, and its exit code once it has one. */
export function startLogin(server, folder, home, flags = [], env = {}) {
  const child = spawn(
    join(PROGRAMS, "tsh"),
    ["login", `--proxy=${new URL(server.origin).host}`, `--ca-pin=${server.caPin}`, "--user=admin", ...flags],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, HOME: folder, TSH_HOME: join(folder, home), TCTI: "swtpm:path=/nonexistent", ...env },
    },
  );
  const told = { out: "", log: "" };
  child.stdout.on("data", (chunk) => (told.out += chunk));
  child.stderr.on("data", (chunk) => (told.log += chunk));
  const ended = new Promise((resolve) => child.once("close", resolve));
  return {
    told,
    ended,
    /** The link and the code that it prints. */
    async asks() {
      const until = Date.now() + PATIENCE_MS;
      for (;;) {
        const link = told.log.match(/^ {2}(https:\S+)$/m)?.[1];
        const code = told.log.match(/the code ([A-Z]{4}-[A-Z]{4})[; ]/)?.[1];
        if (link && code) return { link: link.replace(/^https:\/\/[^/]+/, server.origin), code };
        if (Date.now() > until) throw new Error(`tsh printed no link:\n${told.log}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

/** The way back to the terminal is the one request that leaves the console. */
export function assertQuietButForTheWayBack(problems) {
  const back = problems.filter((problem) => /^a request to elsewhere: http:\/\/127\.0\.0\.1:\d+\/\?/.test(problem));
  assert.equal(back.length, 1, problems.join("\n"));
  assertQuiet(problems.filter((problem) => problem !== back[0]));
}

/** A program that notes in the folder which page it was to open. */
export async function notingBrowser(server, folder) {
  const program = join(folder, "browser");
  const note = join(folder, "opened");
  await writeFile(program, `#!/bin/sh\nprintf %s "$1" > ${note}.part && mv ${note}.part ${note}\n`);
  await chmod(program, 0o700);
  return {
    program,
    async opened() {
      const until = Date.now() + PATIENCE_MS;
      for (;;) {
        const link = await readFile(note, "utf8").catch(() => null);
        if (link) return link.replace(/^https:\/\/[^/]+/, server.origin);
        if (Date.now() > until) throw new Error("no browser was opened");
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}
