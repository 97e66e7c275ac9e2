/** npm installs the package from a git repository, whose `dist/` its `prepare` script compiles, and a command starts there. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { root, run, tryPackage, userFolder } from "./installation.js";

await tryPackage("from-git", async (_, work) => {
  const repository = path.join(work, "repository.git");
  await run(work, "git", ["clone", "--quiet", "--bare", root, repository]);
  const user = userFolder(path.join(work, "user"));
  await run(user, "npm", ["install", `git+file://${repository}`]);
  assert.ok(existsSync(path.join(user, "node_modules", "naevus", "dist", "index.js")), "dist/ was not compiled");
  await run(user, "npx", ["naevus", "--version"]);
  await run(user, process.execPath, ["--eval", 'require("naevus")']);
  return "npm compiles it and it starts";
});
