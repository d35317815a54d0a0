// The test bed: a real gateway in front of a simulated Gemini, each a process of its own.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
const START_WITHIN_MS = 30_000;
const LISTENING = /listening on (\S+)\s/;

/** The program under test: `POLLUX_BIN`, or what `cargo build` made. */
function binary() {
  const target = resolve(ROOT, process.env.CARGO_TARGET_DIR || "target");
  return resolve(ROOT, process.env.POLLUX_BIN || join(target, "debug", "pollux"));
}

/** Starts a `pollux` command and waits until it says where it listens. */
async function start(args, environment, folder) {
  const env = { PATH: process.env.PATH, ...environment };
  const child = spawn(binary(), args, { env, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const ended = new Promise((done) => child.once("close", done));
  const url = new Promise((found, failed) => {
    const fail = (why) => failed(new Error(`pollux ${args[0]}: ${why}\n${said}`));
    const timer = setTimeout(() => fail("did not start"), START_WITHIN_MS);
    const read = (piece) => {
      said += piece;
      const address = LISTENING.exec(said);
      if (address) {
        clearTimeout(timer);
        found(address[1]);
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`ended with ${code}`));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
  };
  try {
    return { url: await url, stop, text: () => said };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function json(url, options = {}) {
  const answer = await fetch(url, options);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** A gateway and its simulator, with a user's key; `close` ends both. */
export async function bed() {
  const folder = await mkdtemp(join(tmpdir(), "pollux-clients-"));
  const started = [];
  const close = async () => {
    for (const program of started.reverse()) await program.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const pool = ["--projects", "4", "--keys-per-project", "3"];
    const simulator = await start(["simulate", "--listen", "127.0.0.1:0", ...pool], {}, folder);
    started.push(simulator);
    const keys = (await json(`${simulator.url}/__sim/keys`)).map(({ key }) => key);
    const token = `admin-${randomBytes(32).toString("base64url")}`;
    const settings = {
      POLLUX_ADMIN_TOKEN: token,
      POLLUX_LISTEN: "127.0.0.1:0",
      POLLUX_DATA_DIR: join(folder, "data"),
      POLLUX_UPSTREAM_URL: simulator.url,
      POLLUX_ALLOW_SIM_FAULTS: "on",
      GEMINI_API_KEYS: keys.join(","),
    };
    const gateway = await start(["serve"], settings, folder);
    started.push(gateway);
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = JSON.stringify({ name: "node" });
    const issued = await json(`${gateway.url}/admin/config/user-key`, { method: "POST", headers, body });
    const seen = () => json(`${simulator.url}/__sim/state`);
    return { url: gateway.url, key: issued.key, keys, seen, log: gateway.text, close };
  } catch (error) {
    await close();
    throw error;
  }
}
