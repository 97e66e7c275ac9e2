/** Packs the package, installs the tarball in an empty folder as a user does, and uses it there: the command, the library and its types. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const work = mkdtempSync(path.join(tmpdir(), "naevus-package-"));
const user = path.join(work, "user");

/** A user's environment: without what npm was told for this clone, and without any word to an install script. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:npm_|onnxruntime_)/i.test(name)));

/**
 * Runs a command, which must succeed, and gives what it printed.
 *
 * @param {string} cwd
 * @param {string} command
 * @param {string[]} args
 */
function run(cwd, command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", env });
  assert.equal(status, 0, `${command} ${args.join(" ")} ended with status ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

/**
 * Which build of ONNX Runtime the installed package found: native or WebAssembly.
 *
 * @param {string} user
 */
function runtimeOf(user) {
  const { stdout } = spawnSync("npx", ["naevus", "doctor"], { cwd: user, encoding: "utf8", env });
  const found = /^ONNX Runtime: +[\d.]+, (native|WebAssembly)/m.exec(stdout);
  assert.ok(found, `naevus doctor names no ONNX Runtime:\n${stdout}`);
  return found[1];
}

/**
 * Trains a run on drawn images, and judges with it.
 *
 * @param {string} user
 */
function judge(user) {
  /** @param {string[]} args */
  const naevus = (...args) => run(user, "npx", "naevus", ...args);
  /** @param {string} name */
  const place = (name) => path.join(user, "judged", name);
  const [data, trained, cache] = [place("data"), place("run"), place("cache")];
  rmSync(path.dirname(data), { recursive: true, force: true });
  naevus("data", "phantom", "--out", data, "--images", "24", "--size", "16");
  const size = ["--image-size", "16", "--batch", "8", "--epochs", "1"];
  naevus("train", "--data", data, "--out", trained, "--cache", cache, "--engine", "reference", ...size);
  assert.match(naevus("evaluate", trained, "--data", data, "--cache", cache), /accuracy/);
  /** @type {{ predictions: { probability: number }[] }} */
  const { predictions } = JSON.parse(naevus("predict", trained, path.join(data, "Test"), "--json"));
  assert.ok(
    predictions.length > 0 && predictions.every(({ probability }) => probability > 0),
    "predict judged nothing",
  );
}

const program = `import { evaluate, networks, predict, readDataset, train } from "naevus";
import { fit, referenceEngine } from "naevus/browser";

const network: { readonly name: string } = networks.notebook({ classes: 9 });
const functions: readonly ((...args: never[]) => unknown)[] = [evaluate, predict, readDataset, train, fit, referenceEngine];
if (network.name !== "notebook" || !functions.every((value) => typeof value === "function")) throw new Error("wrong API");
`;

/** The README's TypeScript, which must compile against the package as it is installed. */
const examples = [...readFileSync(path.join(root, "README.md"), "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)];

try {
  /** @type {[{ filename: string, files: { path: string }[], unpackedSize: number }]} */
  const [{ filename, files, unpackedSize }] = JSON.parse(
    run(root, "npm", "pack", "--json", "--pack-destination", work),
  );
  const names = files.map((file) => file.path);
  const unwanted = names.filter((name) =>
    /\.test\.|\.proof\.|-for-tests\.|^dist\/bench\/|reference-numbers/.test(name),
  );
  assert.deepEqual(unwanted, [], "the package holds files that only its makers need");
  for (const name of ["LICENSE", "README.md", "SECURITY.md", "bin/naevus.js", "dist/index.js", "dist/index.d.ts"]) {
    assert.ok(names.includes(name), `the package lacks ${name}`);
  }

  mkdirSync(user);
  writeFileSync(path.join(user, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  // As it is typed: install scripts run, and may fail to download what naevus does not need.
  run(user, "npm", "install", path.join(work, filename));

  assert.match(run(user, "npx", "naevus", "--help"), /train[\s\S]*evaluate[\s\S]*predict/);
  const runtimes = [runtimeOf(user)];
  judge(user);
  if (runtimes[0] !== "native") {
    run(user, "npm", "install", "--ignore-scripts", "onnxruntime-node");
    runtimes.push(runtimeOf(user));
    assert.equal(runtimes[1], "native", "what doctor says to type does not bring the native ONNX Runtime");
    judge(user);
  }

  assert.ok(examples.length > 0, "the README shows no TypeScript");
  writeFileSync(path.join(user, "program.ts"), program);
  const sources = ["program.ts", ...examples.map((_, index) => `readme-${index}.ts`)];
  for (const [index, [, example = ""]] of examples.entries())
    writeFileSync(path.join(user, `readme-${index}.ts`), example);
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const strict = ["--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];
  const nodeTypes = ["--typeRoots", path.join(root, "node_modules", "@types")];
  run(user, process.execPath, tsc, ...strict, ...nodeTypes, ...sources);
  // The package's types ask for no others.
  run(user, process.execPath, tsc, "--strict", "--module", "nodenext", "--target", "es2023", "--noEmit", "program.ts");
  run(user, process.execPath, "program.js");
  console.log(
    `check-package: ${filename}, ${names.length} files, ${(unpackedSize / 1e6).toFixed(1)} MB, works where it is installed (ONNX Runtime: ${runtimes.join(", ")})`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
