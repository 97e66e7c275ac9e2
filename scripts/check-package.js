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

/**
 * What each entry has to give, beside whatever else it gives.
 *
 * @type {Record<string, string[]>}
 */
const entries = {
  naevus: [
    "audit",
    "compare",
    "crossValidate",
    "evaluate",
    "loadModel",
    "openDataset",
    "predict",
    "resume",
    "study",
    "train",
  ],
  "naevus/augmentation": ["Augmenter", "policies"],
  "naevus/browser": ["fit", "referenceEngine"],
  "naevus/charts": ["barChart", "drawChart"],
  "naevus/dataset": ["foldsOf", "readMetadata", "writePhantomDataset"],
  "naevus/engine": ["adam", "referenceEngine", "selectEngine"],
  "naevus/evaluation": ["evaluateClassification", "formatEvaluation"],
  "naevus/image": ["decodeImage", "packImages"],
  "naevus/network": ["buildGraph", "conv2d", "networks"],
  "naevus/onnx": ["onnxModel", "openModel"],
  "naevus/runs": ["follow", "judge", "readEvaluation"],
  "naevus/study": [],
};

const usedType =
  'import type { Dataset, SettingsInput } from "naevus";\nimport type { Network } from "naevus/network";';
const usesTypes = `export const network: Network = n5.networks.notebook({ classes: 9 });
export const settings: SettingsInput = { network: "notebook", epochs: 1 };
export const namesOf = ({ classes }: Dataset): readonly string[] => classes;`;

/**
 * A program that takes every entry, by \`import\` as a module or by \`require\` as CommonJS, and refuses to run where one lacks a function.
 *
 * @param {string} kind `mts` or `cts`
 */
function program(kind) {
  const names = Object.keys(entries).sort();
  const network = names.indexOf("naevus/network");
  const taken = names.map((name, i) =>
    kind === "mts" ? `import * as n${i} from "${name}";` : `import n${i} = require("${name}");`,
  );
  const wanted = names.map((name, i) => `[n${i}, ${JSON.stringify(entries[name])}]`);
  return `${usedType}
${taken.join("\n")}
${usesTypes.replace("n5", `n${network}`)}
const wanted: [object, string[]][] = [${wanted.join(", ")}];
for (const [entry, names] of wanted) for (const name of names) if (!(name in entry)) throw new Error(name + " is missing");
`;
}

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
  for (const name of [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "examples/train.mjs",
    "SECURITY.md",
    "bin/naevus.js",
    "dist/index.js",
    "dist/index.d.ts",
  ]) {
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
  const programs = ["program.mts", "program.cts"];
  for (const file of programs) writeFileSync(path.join(user, file), program(file.slice(-3)));
  const sources = [...programs, ...examples.map((_, index) => `readme-${index}.ts`)];
  for (const [index, [, example = ""]] of examples.entries())
    writeFileSync(path.join(user, `readme-${index}.ts`), example);
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const strict = ["--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];
  const nodeTypes = ["--typeRoots", path.join(root, "node_modules", "@types")];
  run(user, process.execPath, tsc, ...strict, ...nodeTypes, ...sources);
  // The package's types ask for no others.
  run(user, process.execPath, tsc, "--strict", "--module", "nodenext", "--target", "es2023", "--noEmit", ...programs);
  for (const file of programs) run(user, process.execPath, file.replace("ts", "js"));
  const packed = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).exports;
  const exported = Object.keys(packed).filter((name) => name !== "./package.json");
  const checked = Object.keys(entries).map((name) => name.replace("naevus", "."));
  assert.deepEqual(checked.sort(), exported.sort(), "an entry of package.json is not checked here");
  console.log(
    `check-package: ${filename}, ${names.length} files, ${(unpackedSize / 1e6).toFixed(1)} MB, works where it is installed (ONNX Runtime: ${runtimes.join(", ")})`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
