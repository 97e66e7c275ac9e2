/** The declarations compile whole, in every way that TypeScript finds them, with the oldest TypeScript that the README names and the newest. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root, run, tryPackage, userFolder } from "./installation.js";
import { program } from "./program.js";

/** The oldest is the floor that the README states. */
const versions = [5.4, 5.9, 6, 7];

const nodeTypes = ["--types", "node"];
const noTypes = ["--typeRoots", "none"];
const modules = ["--verbatimModuleSyntax"];
/** zod's declarations ask for it in CommonJS, as `tsc --init` sets it. */
const commonJs = ["--module", "commonjs", "--esModuleInterop"];

/**
 * How users compile: the source, the options, and from which version to which TypeScript knows it.
 *
 * @type {readonly { file: string, options: string[], from?: number, to?: number }[]}
 */
const ways = [
  { file: "module.mts", options: ["--module", "nodenext", "--lib", "es2020,dom", ...noTypes, ...modules] },
  { file: "module.mts", options: ["--module", "nodenext", "--lib", "es2022", ...nodeTypes, ...modules] },
  { file: "module.mts", options: ["--module", "node16", "--lib", "es2022,dom", ...nodeTypes, ...modules] },
  {
    file: "module.mts",
    options: ["--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom", ...noTypes, ...modules],
  },
  { file: "common.cts", options: ["--module", "nodenext", "--lib", "es2022", ...nodeTypes], from: 5.8 },
  { file: "common.ts", options: [...commonJs, "--moduleResolution", "node10", "--lib", "es2020,dom"], to: 5.9 },
  {
    file: "common.ts",
    options: [...commonJs, "--moduleResolution", "node10", "--ignoreDeprecations", "6.0", "--lib", "es2022,dom"],
    from: 6,
    to: 6,
  },
  { file: "common.ts", options: [...commonJs, "--moduleResolution", "bundler", "--lib", "es2022,dom"], from: 6 },
];

const strict = ["--strict", "--exactOptionalPropertyTypes", "--isolatedModules", "--target", "es2022"];

await tryPackage("typescript", async (tarball, work) => {
  assert.ok(
    readFileSync(path.join(root, "README.md"), "utf8").includes(`TypeScript ${versions[0]} or later`),
    "the README names another TypeScript than the oldest that is tried",
  );
  const user = userFolder(path.join(work, "user"));
  const compilers = versions.map((version) => `typescript-${version}@npm:typescript@${version}`);
  await run(user, "npm", ["install", "--ignore-scripts", tarball, "@types/node@20", ...compilers]);
  writeFileSync(path.join(user, "module.mts"), program("import"));
  writeFileSync(path.join(user, "common.ts"), program("import"));
  writeFileSync(path.join(user, "common.cts"), program("require"));

  let compiled = 0;
  for (const version of versions) {
    const tsc = path.join("node_modules", `typescript-${version}`, "bin", "tsc");
    for (const { file, options } of ways.filter(({ from = 0, to = 99 }) => from <= version && version <= to)) {
      await run(user, process.execPath, [tsc, ...strict, "--skipLibCheck", "false", ...options, file]);
      await run(user, process.execPath, [file.replace("ts", "js")]);
      compiled++;
    }
  }
  return `${compiled} compilations by TypeScript ${versions.join(", ")}, each of which runs`;
});
