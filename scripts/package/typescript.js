/**
 * Every entry gives its functions to `import` and `require`, and its types compile, in the ways in which TypeScript finds them, with the oldest
 * TypeScript that docs/start.md names and the newest; so does the README's own TypeScript.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root, run, tryPackage, userFolder } from "./installation.js";
import { entries, program } from "./program.js";

/** The oldest and the newest; between them the first that can require modules, and the last that resolves as Node 10. */
const [oldest, requires, lastNode10, newest] = [5.4, 5.8, 6, 7];

const nodeTypes = ["--types", "node"];
/** The package's types ask for no others, and its production dependencies alone are installed. */
const noTypes = ["--typeRoots", "none"];
const modules = ["--verbatimModuleSyntax"];
const bundler = ["--moduleResolution", "bundler", "--lib", "es2022,dom"];
const node10 = ["--moduleResolution", "node10", "--lib", "es2020,dom"];
/** zod's declarations ask for it in CommonJS, as `tsc --init` sets it. */
const commonJs = ["--module", "commonjs", "--esModuleInterop"];

/**
 * How users compile: the source, the options, and with which versions of TypeScript this is tried.
 *
 * @type {readonly { file: string, options: string[], by: number[] }[]}
 */
const ways = [
  {
    file: "module.mts",
    options: ["--module", "nodenext", "--lib", "es2020,dom", ...noTypes, ...modules],
    by: [oldest, newest],
  },
  {
    file: "module.mts",
    options: ["--module", "node16", "--lib", "es2022", ...nodeTypes, ...modules],
    by: [oldest, newest],
  },
  { file: "module.mts", options: ["--module", "esnext", ...bundler, ...noTypes, ...modules], by: [oldest, newest] },
  { file: "common.cts", options: ["--module", "nodenext", "--lib", "es2022", ...nodeTypes], by: [requires, newest] },
  { file: "common.ts", options: [...commonJs, ...node10], by: [oldest] },
  { file: "common.ts", options: [...commonJs, ...node10, "--ignoreDeprecations", "6.0"], by: [lastNode10] },
  { file: "common.ts", options: [...commonJs, ...bundler], by: [newest] },
];

const strict = ["--strict", "--exactOptionalPropertyTypes", "--isolatedModules", "--target", "es2022"];

const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const start = readFileSync(path.join(root, "docs/start.md"), "utf8");
const readme = readFileSync(path.join(root, "README.md"), "utf8");
const examples = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, example = ""]) => example);

await tryPackage("typescript", async (tarball, work) => {
  const exported = Object.keys(manifest.exports).filter((name) => !name.endsWith(".json"));
  const tried = Object.keys(entries).map((name) => name.replace("naevus", "."));
  assert.deepEqual(tried.sort(), exported.sort(), "an entry of package.json is not tried here");
  for (const version of [oldest, requires]) {
    assert.ok(start.includes(`TypeScript ${version} or later`), `docs/start.md does not name TypeScript ${version}`);
  }
  assert.ok(examples.length > 0, "the README shows no TypeScript");

  const user = userFolder(path.join(work, "user"));
  const versions = [oldest, requires, lastNode10, newest];
  const compilers = versions.map((version) => `typescript-${version}@npm:typescript@${version}`);
  await run(user, "npm", ["install", "--ignore-scripts", tarball, "@types/node@20", ...compilers]);
  /**
   * @param {number} version
   * @param {string[]} args
   */
  const compile = (version, ...args) => {
    const tsc = path.join("node_modules", `typescript-${version}`, "bin", "tsc");
    return run(user, process.execPath, [tsc, ...strict, "--skipLibCheck", "false", ...args]);
  };

  writeFileSync(path.join(user, "module.mts"), program("import"));
  writeFileSync(path.join(user, "common.ts"), program("import"));
  writeFileSync(path.join(user, "common.cts"), program("require"));
  let compiled = 0;
  for (const { file, options, by } of ways) {
    for (const version of by) {
      await compile(version, ...options, file);
      await run(user, process.execPath, [file.replace("ts", "js")]);
      compiled++;
    }
  }
  const files = examples.map((_, index) => `readme-${index}.mts`);
  for (const [index, file] of files.entries()) writeFileSync(path.join(user, file), examples[index] ?? "");
  await compile(newest, "--module", "nodenext", ...nodeTypes, ...files);
  return `${exported.length} entries, in ${compiled} compilations by TypeScript ${versions.join(", ")} that each run, and of the README`;
});
