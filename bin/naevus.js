#!/usr/bin/env node
/** The `naevus` command: starts the compiled command line, and compiles it first in a clone where that has not happened. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { nodeProblem } from "./node-version.js";

const packages = new URL("../node_modules/.package-lock.json", import.meta.url);
const compiled = new URL("../dist/cli/main.js", import.meta.url);
const setup = new URL("../scripts/setup.js", import.meta.url);

/** An exit status other than 0 where the command line cannot be had. */
function prepare() {
  const problem = nodeProblem();
  if (problem) {
    console.error(problem);
    return 1;
  }
  const isClone = existsSync(setup);
  if (existsSync(compiled) && (!isClone || existsSync(packages))) return 0;
  if (!isClone) {
    console.error(
      "naevus: dist/ is missing: this package was packed or installed without being compiled, or lost a part. Remove node_modules/naevus," +
        " then install the file that `npm ci && npm run build && npm pack` writes in a clone, or from git by npm without --ignore-scripts.",
    );
    return 1;
  }
  return spawnSync(process.execPath, [fileURLToPath(setup)], { stdio: "inherit" }).status ?? 1;
}

process.exitCode = prepare();
if (process.exitCode === 0) {
  const { main } = await import(compiled.href);
  process.exitCode = await main(process.argv.slice(2));
}
