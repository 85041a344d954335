// A machine of its own for `tsh`: a software TPM, SMBIOS values, and a home for its keys.

import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PROGRAMS } from "./server.mjs";

const PATIENCE_MS = 20_000;

/** Starts a machine with this serial number; call `stop` when done. Needs swtpm. */
export async function startMachine(serial) {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-machine-"));
  const dmi = join(folder, "sys/class/dmi/id");
  await mkdir(dmi, { recursive: true });
  await mkdir(join(folder, "state"));
  const values = { product_name: "Gatehouse Test Machine", product_serial: serial, board_serial: `B-${serial}` };
  for (const [name, value] of Object.entries({ ...values, chassis_asset_tag: "No Asset Tag" })) {
    await writeFile(join(dmi, name), `${value}\n`);
  }
  const socket = join(folder, "s");
  const tpm = spawn(
    "swtpm",
    [
      ...["socket", "--tpm2", "--flags", "not-need-init,startup-clear", "--tpmstate", `dir=${join(folder, "state")}`],
      ...["--server", `type=unixio,path=${socket}`, "--ctrl", `type=unixio,path=${socket}.ctrl`],
    ],
    { stdio: "ignore" },
  );
  const ended = new Promise((resolve, reject) => {
    tpm.once("close", resolve);
    tpm.once("error", (error) => reject(new Error(`swtpm did not start (apt-get install swtpm): ${error.message}`)));
  });
  await Promise.race([listening(socket), ended.then(() => Promise.reject(new Error("swtpm ended")))]);
  const ours = {
    GATEHOUSE_SYSFS: join(folder, "sys"),
    TCTI: `swtpm:path=${socket}`,
    TSH_HOME: join(folder, "tsh"),
  };
  const env = { ...process.env, ...ours };
  return {
    serial,
    env,
    /** What makes programs run on this machine and not on the real one. */
    ours,
    /** Runs `tsh` with these lines as what is typed; resolves to everything it printed. */
    tsh: (words, typed = [], other = env) => run("tsh", words, { env: other, cwd: folder, typed }),
    async stop() {
      tpm.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when somebody listens on the socket. */
async function listening(path) {
  const limit = Date.now() + PATIENCE_MS;
  for (;;) {
    const open = await new Promise((resolve) => {
      const probe = createConnection(path);
      probe.once("connect", () => resolve(probe.end() && true));
      probe.once("error", () => resolve(false));
    });
    if (open) return;
    if (Date.now() > limit) throw new Error(`nothing listens on ${path}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function run(program, words, { env, cwd, typed }) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(PROGRAMS, program), words, { env, cwd, stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    child.stderr.on("data", (chunk) => (said += chunk));
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(said) : reject(new Error(`${program} ${words.join(" ")} ended with ${code}: ${said}`)),
    );
    child.stdin.end(typed.map((line) => `${line}\n`).join(""));
  });
}
