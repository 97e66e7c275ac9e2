/** Every entry of the installed package gives its functions to `import` and `require`, and its types compile, with the README's TypeScript. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root, run, tryPackage, userFolder } from "./installation.js";

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

await tryPackage("entries", async (tarball, work) => {
  const user = userFolder(path.join(work, "user"), { type: "module" });
  await run(user, "npm", ["install", "--ignore-scripts", tarball]);

  assert.ok(examples.length > 0, "the README shows no TypeScript");
  const programs = ["program.mts", "program.cts"];
  for (const file of programs) writeFileSync(path.join(user, file), program(file.slice(-3)));
  const sources = [...programs, ...examples.map((_, index) => `readme-${index}.ts`)];
  for (const [index, [, example = ""]] of examples.entries())
    writeFileSync(path.join(user, `readme-${index}.ts`), example);
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const strict = [tsc, "--strict", "--module", "nodenext", "--target", "es2023"];
  const nodeTypes = ["--types", "node", "--typeRoots", path.join(root, "node_modules", "@types")];
  await run(user, process.execPath, [...strict, ...nodeTypes, ...sources]);
  // The package's types ask for no others.
  await run(user, process.execPath, [...strict, "--noEmit", ...programs]);
  for (const file of programs) await run(user, process.execPath, [file.replace("ts", "js")]);
  const packed = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).exports;
  const exported = Object.keys(packed).filter((name) => name !== "./package.json");
  const checked = Object.keys(entries).map((name) => name.replace("naevus", "."));
  assert.deepEqual(checked.sort(), exported.sort(), "an entry of package.json is not checked here");
  return `${exported.length} entries by import and require, their types, and ${examples.length} programs of the README`;
});
