/** Makes sure of the oneDNN library: loads it as the engine will, or installs apt's package where that needs no password. */
import { spawnSync } from "node:child_process";

/**
 * The newest of the packages' names first: libdnnl3.6, libdnnl3, libdnnl2; without headers and what else begins like them.
 *
 * @param {readonly string[]} names
 */
export function newestFirst(names) {
  /** @param {string} name */
  const version = (name) => name.slice("libdnnl".length).split(".").map(Number);
  const known = names.filter((name) => /^libdnnl\d+(\.\d+)?$/.test(name));
  return known.sort((a, b) => {
    const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [version(a), version(b)];
    return otherMajor - major || otherMinor - minor;
  });
}

/**
 * The version in what `apt-cache show` prints of a package: 2.2 for `Version: 2.2.4+ds-2`.
 *
 * @param {string} text
 */
export function packagedVersion(text) {
  const [, major, minor] = /^Version: (?:\d+:)?(\d+)\.(\d+)/m.exec(text) ?? [];
  return { major: Number(major), minor: Number(minor) };
}

/**
 * @param {string} command
 * @param {string[]} args
 */
const succeeds = (command, ...args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;

/**
 * Installs the library through apt; false where there is no apt, no right to use it, or no package that the engine can use.
 *
 * @param {Native} native
 */
function install({ isSupported }) {
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
  /** @param {string[]} args */
  const aptCache = (...args) => spawnSync("apt-cache", args, { encoding: "utf8" }).stdout ?? "";
  const packages = () => newestFirst(aptCache("pkgnames", "libdnnl").split("\n"));
  /** @param {readonly string[]} names */
  const usable = (names) =>
    names.find((name) => isSupported(packagedVersion(aptCache("show", "--no-all-versions", name))));
  const update = () => {
    console.error("setup: reading the package lists (apt-get update)");
    return aptGet("update");
  };
  /** @param {string} name */
  const add = (name) => {
    console.error(`setup: installing oneDNN (apt-get install ${name})`);
    return aptGet("install", "-y", "--no-install-recommends", name);
  };
  const known = packages();
  const first = usable(known);
  if (first && add(first)) return true;
  // Ubuntu 22.04 has one that is too old: newer lists change nothing.
  if (known.length > 0 && !first) return false;
  // No lists, as in a fresh container, or lists older than what the mirror holds: once more with fresh ones.
  const fresh = update() ? usable(packages()) : undefined;
  return fresh !== undefined && add(fresh);
}

/**
 * What is taken of the compiled src/engine/onednn/library/native.ts: where the library is looked for, and which versions serve, is
 * written there only.
 *
 * @typedef {Pick<typeof import("../src/engine/onednn/library/native.ts"), "loadNative" | "isSupported">} Native
 */

/**
 * Where oneDNN cannot be had, says on standard error what to type, and goes on: the reference engine needs nothing.
 *
 * @param {Native} native
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
  if (problem && !process.env.NAEVUS_ONEDNN && install(native)) problem = load();
  if (problem) {
    console.error(`setup: ${problem.message}\nsetup: without it, the reference engine trains: correct, but very slow.`);
  }
}
