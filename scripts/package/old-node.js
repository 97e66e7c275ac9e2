/** A Node that is too old refuses each entry, and a clone, in one sentence; one that cannot require modules points to `import()`, which works there. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { root, run, tryPackage, userFolder } from "./installation.js";
import { entries } from "./program.js";
import { installNode } from "./tools.js";

/** Imports each entry, then requires it, and prints what came of it. */
const program = `(async () => {
  for (const name of ${JSON.stringify(Object.keys(entries))}) {
    await import(name).then(() => console.log("imported"), (error) => console.log(error.message));
    try { require(name); console.log("required"); } catch (error) { console.log(error.message.replaceAll("\\n", " ")); }
  }
})();`;

const tooOld = /^naevus needs Node [\d.]+ or later, and this is Node [\d.]+\./;
const cannotRequire = /require\(\) of ES Module .* dynamic import\(\)/;

/** By Node's version: what `import` and `require` print. */
const expected = {
  18: [tooOld, cannotRequire],
  "20.10": [tooOld, cannotRequire],
  22.11: [/^imported$/, cannotRequire],
};

await tryPackage("old-node", async (tarball, work) => {
  const user = userFolder(path.join(work, "user"));
  await run(user, "npm", ["install", "--ignore-scripts", tarball]);
  writeFileSync(path.join(user, "program.cjs"), program);
  for (const [version, patterns] of Object.entries(expected)) {
    const command = path.join(await installNode(path.join(work, version), version), "node");
    const { stdout } = await run(user, command, ["program.cjs"]);
    const lines = stdout.trim().split("\n");
    assert.equal(lines.length, 2 * Object.keys(entries).length, stdout);
    if (patterns.includes(tooOld)) {
      for (const script of ["setup", "build"]) {
        const { stderr } = await run(root, command, [`scripts/${script}.js`], { status: 1 });
        assert.match(stderr, /^(?:setup|build): naevus needs Node .+\n$/);
      }
    }
    for (const [i, line] of lines.entries()) assert.match(line, /** @type {RegExp} */ (patterns[i % 2]));
  }
  return `Node ${Object.keys(expected).join(", ")} say what they cannot do`;
});
