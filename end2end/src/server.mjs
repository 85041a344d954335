// The real server on a free port, with a data folder of its own.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PATIENCE_MS = 30_000;

/** The folder of the built programs: set by `cargo xtask test`, or cargo's default. */
export const PROGRAMS = process.env.GATEHOUSE_PROGRAMS ?? new URL("../../target/debug", import.meta.url).pathname;

/** A TCP port of the loopback interface that nobody listens on. */
async function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** What the server says of itself when it is ready; `null` until it has said all of it. */
export function parseReady(text, { firstStart = true } = {}) {
  const url = text.match(/^Gatehouse \S+ is ready on (https:\/\/\S+)$/m)?.[1];
  const caPin = text.match(/^CA pin: (sha256:[0-9a-f]{64})$/m)?.[1];
  const signup = text.match(/^Create the first admin: (https:\/\/\S+)$/m)?.[1];
  if (!url || !caPin || (firstStart && !signup)) return null;
  return { url, caPin, signup };
}

/** Starts a server; resolves when it is ready. Call `stop` when done. */
export async function startServer({ dataDir, args = [] } = {}) {
  const firstStart = dataDir === undefined;
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), "gatehouse-e2e-")));
  const port = await freePort();
  const child = spawn(
    join(PROGRAMS, "gatehouse"),
    ["start", "--data-dir", folder, "--listen", `127.0.0.1:${port}`, ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let out = "";
  let log = "";
  const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  child.stderr.on("data", (chunk) => (log += chunk));

  const ready = await new Promise((resolve, reject) => {
    const fail = (why) => {
      child.kill("SIGKILL");
      reject(new Error(`${why}\n--- stdout\n${out}\n--- stderr\n${log}`));
    };
    const limit = setTimeout(() => fail(`the server was not ready in ${PATIENCE_MS} ms`), PATIENCE_MS);
    child.once("error", (error) => fail(`the server did not start: ${error.message}`));
    child.once("close", (code) => fail(`the server ended with ${code} before it was ready`));
    child.stdout.on("data", (chunk) => {
      out += chunk;
      const said = parseReady(out, { firstStart });
      if (said) {
        clearTimeout(limit);
        resolve(said);
      }
    });
  }).catch(async (error) => {
    if (firstStart) await rm(folder, { recursive: true, force: true });
    throw error;
  });

  return {
    ...ready,
    /** On the port that was really opened, whatever public address the server was told. */
    origin: `https://localhost:${port}`,
    dataDir: folder,
    log: () => log,
    /** Runs `tctl` as the host's admin; resolves to its stdout. */
    tctl: (...words) => run("tctl", ["--data-dir", folder, ...words]),
    /** Sets the cluster's device trust mode, dynamically; `more` = further lines of `device_trust`. */
    async require(mode, more = []) {
      const file = join(folder, "preference.yaml");
      const metadata = "metadata:\n  name: cluster-auth-preference";
      const spec = `spec:\n  device_trust:\n    mode: "${mode}"${more.map((line) => `\n    ${line}`).join("")}`;
      await writeFile(file, `kind: cluster_auth_preference\nversion: v2\n${metadata}\n${spec}\n`);
      await run("tctl", ["--data-dir", folder, "create", "-f", file]);
    },
    /** Stops it as Ctrl-C does, and fails unless it ends cleanly. */
    async stop({ keepData = !firstStart } = {}) {
      child.kill("SIGINT");
      const limit = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
      const { code, signal } = await ended;
      clearTimeout(limit);
      if (!keepData) await rm(folder, { recursive: true, force: true });
      if (code !== 0) throw new Error(`the server ended with ${code ?? signal}\n${log}`);
    },
  };
}

/** Runs one of the built programs; rejects with its stderr if it fails. */
export async function run(program, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(PROGRAMS, program), args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let out = "";
    let log = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (log += chunk));
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${program} ${args.join(" ")} ended with ${code}: ${log}`)),
    );
  });
}
