/** What the programs of this folder share: the packed package, a user's environment, and commands run in it. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import path from "node:path";

/** The clone's folder. */
export const root = path.resolve(import.meta.dirname, "..", "..");

/** What a user's shell does not hold: what npm, a CI or a test was told here, and words to install scripts. */
const notTheUsers = /^(?:npm_|onnxruntime_|naevus_|node_path$|init_cwd$|ci$)/i;

/**
 * A user's environment: this process's, without what only this clone and its checks were told.
 *
 * @param {Record<string, string>} more what it holds beside
 */
export const userEnvironment = (more = {}) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !notTheUsers.test(name))),
  ...more,
});

/**
 * @typedef {object} RunOptions
 * @property {NodeJS.ProcessEnv} [env] by default {@link userEnvironment}
 * @property {number} [status] the exit status that the command must end with, by default 0
 * @property {RegExp} [interruptAt] once standard output matches it, the command and what it started get SIGINT, as by Ctrl-C
 */

/**
 * Runs a command as a user does and gives what it printed.
 *
 * @param {string} cwd
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} options
 * @returns {Promise<{ stdout: string, stderr: string }>}
 */
export async function run(cwd, command, args = [], { env = userEnvironment(), status = 0, interruptAt } = {}) {
  const detached = interruptAt !== undefined;
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: 600_000, detached });
  let [stdout, stderr, interrupted] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
    if (interrupted || !interruptAt?.test(stdout)) return;
    interrupted = true;
    process.kill(-Number(child.pid), "SIGINT");
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (...ended) => resolve(ended));
  });
  // As a shell tells it: npx ends itself by the signal that it got.
  const told = signal ? 128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)] : code;
  const line = [command, ...args].join(" ");
  assert.equal(told, status, `${line} in ${cwd} ended with status ${told}, not ${status}:\n${stdout}\n${stderr}`);
  return { stdout, stderr };
}

/**
 * An empty folder of a user, with a package.json that says no more than it must.
 *
 * @param {string} folder
 * @param {object} manifest what package.json says beside
 */
export function userFolder(folder, manifest = {}) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "user", private: true, ...manifest }));
  return folder;
}

/** What `npm pack --json` says of a package.
 *
 * @typedef {{ filename: string, files: { path: string }[], unpackedSize: number }} Packed
 */

/**
 * Packs the package into a folder.
 *
 * @param {string} folder
 * @returns {Packed}
 */
export function pack(folder) {
  const args = ["pack", "--json", "--pack-destination", folder];
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: root, encoding: "utf8", env: userEnvironment() });
  assert.equal(status, 0, `npm ${args.join(" ")} ended with status ${status}:\n${stdout}\n${stderr}`);
  // A list in npm 10 and 11, by the package's name in 12.
  const [packed] = /** @type {Packed[]} */ (Object.values(JSON.parse(stdout)));
  assert.ok(packed, `npm pack names no file:\n${stdout}`);
  return packed;
}

/**
 * Tries the package in a folder of its own, which is removed at the end, and says how long that took. The tarball is the program's
 * first argument, or is packed now.
 *
 * @param {string} name what the program's name is
 * @param {(tarball: string, work: string) => Promise<string>} use tries it and gives the line that says what holds
 */
export async function tryPackage(name, use) {
  const start = performance.now();
  const work = mkdtempSync(path.join(tmpdir(), `naevus-${name}-`));
  try {
    const tarball = process.argv[2] ? path.resolve(process.argv[2]) : path.join(work, pack(work).filename);
    const line = await use(tarball, work);
    console.log(`package/${name}: ${line} (${((performance.now() - start) / 1000).toFixed(0)} s)`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
