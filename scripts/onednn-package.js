/** Makes sure of the oneDNN library: loads it as the engine will, or installs apt's package where that needs no password. */
import { spawnSync } from "node:child_process";

/**
 * The newest of the packages' names: libdnnl3.6 before libdnnl3 before libdnnl2; undefined where there is none.
 *
 * @param {readonly string[]} names
 * @returns {string | undefined}
 */
export function newestPackage(names) {
  /** @param {string} name */
  const version = (name) => name.slice("libdnnl".length).split(".").map(Number);
  const known = names.filter((name) => /^libdnnl\d+(\.\d+)?$/.test(name));
  return known.sort((a, b) => {
    const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [version(a), version(b)];
    return otherMajor - major || otherMinor - minor;
  })[0];
}

/**
 * @param {string} command
 * @param {string[]} args
 */
const succeeds = (command, ...args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;

/** Installs the library through apt; false where there is no apt, no right to use it, or no such package. */
function install() {
  if (process.platform !== "linux" || !succeeds("apt-get", "--version")) return false;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !succeeds("sudo", "-n", "true")) return false;
  /** @param {string[]} args */
  const aptGet = (...args) => {
    const environment = ["env", "DEBIAN_FRONTEND=noninteractive"];
    const [command = "", ...rest] = [...(isRoot ? [] : ["sudo", "-n"]), ...environment, "apt-get", "-q", ...args];
    const { status, stderr } = spawnSync(command, rest, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
    if (status !== 0) console.error(`setup: apt-get ${args.join(" ")} failed:\n${stderr?.trim()}`);
    return status === 0;
  };
  const candidate = () =>
    newestPackage(spawnSync("apt-cache", ["pkgnames", "libdnnl"], { encoding: "utf8" }).stdout?.split("\n") ?? []);
  const update = () => {
    console.error("setup: reading the package lists (apt-get update)");
    return aptGet("update");
  };
  /** @param {string} name */
  const add = (name) => {
    console.error(`setup: installing oneDNN (apt-get install ${name})`);
    return aptGet("install", "-y", "--no-install-recommends", name);
  };
  const known = candidate();
  if (known && add(known)) return true;
  // No lists, as in a fresh container, or lists older than what the mirror holds: once more with fresh ones.
  const fresh = update() ? candidate() : undefined;
  return fresh !== undefined && add(fresh);
}

/**
 * Where oneDNN cannot be had, says on standard error what to type, and goes on: the reference engine needs nothing.
 *
 * @param {{ loadNative: typeof import("../src/engine/onednn/library/native.ts").loadNative }} native the compiled src/engine/onednn/library/native.ts: where the library is looked for is written there only
 */
export function ensureOneDnn(native) {
  const load = () => {
    try {
      native.loadNative(undefined, undefined);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  let problem = load();
  // A file that the user named stays the user's word: another one is not put in its place.
  if (problem && !process.env.NAEVUS_ONEDNN && install()) problem = load();
  if (problem) {
    console.error(`setup: ${problem.message}\nsetup: without it, the reference engine trains: correct, but very slow.`);
  }
}
