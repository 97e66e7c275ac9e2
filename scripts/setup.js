/** Makes a clone ready to run: packages, compiled code and the oneDNN library. Says nothing where nothing needs doing. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { nodeProblem } from "../bin/node-version.js";
import { ensureOneDnn } from "./onednn-package.js";

const root = fileURLToPath(new URL("..", import.meta.url));
/**
 * When a file of this clone was changed last.
 *
 * @param {string} file
 */
const modified = (file) => statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs;

/** Whether node_modules holds what package-lock.json asks for. */
function packagesAreInstalled() {
  const installed = modified("node_modules/.package-lock.json");
  if (installed === undefined) return false;
  if (installed >= (modified("package-lock.json") ?? Number.POSITIVE_INFINITY)) return true;
  // A newer lock file need not be a different one: checking out a branch touches it, `npm install` writes it last.
  /** @param {string} file */
  const packages = (file) => JSON.parse(readFileSync(path.join(root, file), "utf8")).packages;
  const present = packages("node_modules/.package-lock.json");
  return Object.entries(packages("package-lock.json")).every(
    ([name, { version, optional }]) => name === "" || (present[name]?.version ?? (optional && version)) === version,
  );
}

/** Whether dist is newer than all that it is made of. A removed file shows in its folder's date. */
function distIsCurrent() {
  const built = modified("dist/.built");
  if (built === undefined) return false;
  const sources = readdirSync(path.join(root, "src"), { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isDirectory() || (/\.[jt]s$/.test(entry.name) && !/\.(?:test|proof)\.ts$/.test(entry.name)),
    )
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)));
  return ["tsconfig.json", "tsconfig.build.json", "node_modules/onnxruntime-web/package.json", ...sources].every(
    (file) => (modified(file) ?? Number.POSITIVE_INFINITY) <= built,
  );
}

/**
 * Runs a command to its end, its output shown; throws a sentence where it fails.
 *
 * @param {string} what
 * @param {string} command
 * @param {string[]} args
 * @param {string} cure
 */
function run(what, command, args, cure) {
  console.error(`setup: ${what}`);
  // All to standard error: standard output belongs to the command that follows, and may be JSON.
  const { status, error } = spawnSync(command, args, {
    stdio: ["inherit", 2, 2],
    cwd: root,
    shell: process.platform === "win32",
  });
  if (error || status !== 0) {
    const reason = error ? error.message : `exit status ${status}`;
    throw new Error(`${[command, ...args].join(" ")} failed (${reason}). ${cure}`);
  }
}

async function setup() {
  const problem = nodeProblem();
  if (problem) throw new Error(problem);
  if (!packagesAreInstalled()) {
    run(
      "installing packages (npm ci)",
      "npm",
      ["ci", "--include=dev"],
      "npm's own messages stand above; is the package registry reachable?",
    );
  }
  if (existsSync(path.join(root, "src")) && !distIsCurrent()) {
    run("compiling (npm run build)", process.execPath, ["scripts/build.js"], "The compiler's messages stand above.");
  }
  ensureOneDnn(await import("../dist/engine/onednn/library/native.js"));
}

try {
  await setup();
} catch (error) {
  console.error(`setup: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
