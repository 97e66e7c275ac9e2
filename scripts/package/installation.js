/** What the programs of this folder share: the packed package, a user's environment, and commands run in it. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** The clone's folder. */
export const root = path.resolve(import.meta.dirname, "..", "..");

/**
 * A user's environment: without what npm was told for this clone, without this clone's data and without any word to an install script.
 *
 * @param {Record<string, string>} more what it holds beside
 */
export const userEnvironment = (more = {}) => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:npm_|onnxruntime_|naevus_|node_path$|init_cwd$)/i.test(name)),
  ),
  ...more,
});

/**
 * Runs a command as a user does and gives what it printed. It must end with the status that is expected.
 *
 * @param {string} cwd
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, status?: number, onStart?: (child: import("node:child_process").ChildProcess) => void }} options
 * @returns {Promise<{ stdout: string, stderr: string }>}
 */
export async function run(cwd, command, args = [], { env = userEnvironment(), status = 0, onStart } = {}) {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: 600_000 });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  onStart?.(child);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (...ended) => resolve(ended));
  });
  const ended = signal ? `was ended by ${signal}` : `ended with status ${code}`;
  assert.equal(signal ?? code, status, `${[command, ...args].join(" ")} in ${cwd} ${ended}:\n${stdout}\n${stderr}`);
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
