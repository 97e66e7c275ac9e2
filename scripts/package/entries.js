/** Every entry of the installed package gives its functions to `import` and `require`, and its types compile, with the README's TypeScript. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root, run, tryPackage, userFolder } from "./installation.js";
import { entries, program } from "./program.js";

/** The README's TypeScript, which must compile against the package as it is installed. */
const examples = [...readFileSync(path.join(root, "README.md"), "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)];

await tryPackage("entries", async (tarball, work) => {
  const user = userFolder(path.join(work, "user"), { type: "module" });
  await run(user, "npm", ["install", "--ignore-scripts", tarball]);

  assert.ok(examples.length > 0, "the README shows no TypeScript");
  const programs = ["program.mts", "program.cts"];
  writeFileSync(path.join(user, "program.mts"), program("import"));
  writeFileSync(path.join(user, "program.cts"), program("require"));
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
