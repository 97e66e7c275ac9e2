/** A trained run judges in the installed package by ONNX Runtime's WebAssembly, and by the native build once what it says is typed; alike. */
import assert from "node:assert/strict";
import path from "node:path";
import { run, tryPackage, userEnvironment, userFolder } from "./installation.js";

/** The notice of the slower build, with what brings the faster one. */
const slower = /^models run in WebAssembly: .* type (npm install .*)$/m;

await tryPackage("runtimes", async (tarball, work) => {
  const user = userFolder(path.join(work, "user"));
  const env = userEnvironment({ XDG_CACHE_HOME: path.join(work, "cache") });
  // As it is typed, with install scripts.
  await run(user, "npm", ["install", tarball], { env });
  /** @param {string[]} args */
  const naevus = (...args) => run(user, "npx", ["naevus", ...args], { env });
  await naevus("data", "phantom", "--out", "data", "--images", "24", "--size", "16");
  const size = ["--image-size", "16", "--batch", "8", "--epochs", "1"];
  await naevus("train", "--data", "data", "--out", "run", "--engine", "reference", ...size);

  /** What `evaluate` and `predict` come to, and the command by which they name a faster build. */
  async function judge() {
    const evaluated = await naevus("evaluate", "run", "--data", "data");
    assert.match(evaluated.stdout, /accuracy/);
    const { stdout, stderr } = await naevus("predict", "run", "data/Test", "--json");
    /** @type {{ predictions: { probability: number }[] }} */
    const { predictions } = JSON.parse(stdout);
    const [, command] = slower.exec(stderr) ?? [];
    assert.equal(evaluated.stderr.includes("models run in WebAssembly"), command !== undefined, evaluated.stderr);
    return { command, probabilities: predictions.map(({ probability }) => probability) };
  }

  const webAssembly = await judge();
  assert.ok(webAssembly.command, "without the native build nothing says how to get it");
  const [npm = "", ...args] = webAssembly.command.split(" ");
  await run(user, npm, args, { env });
  const native = await judge();
  assert.equal(native.command, undefined, "what naevus says to type does not bring the native build");
  assert.ok(native.probabilities.length > 0, "no photograph was judged");
  const differences = native.probabilities.map((value, i) => Math.abs(value - (webAssembly.probabilities[i] ?? 1)));
  assert.ok(Math.max(...differences) < 1e-5, `probabilities differ by up to ${Math.max(...differences)}`);
  return "both of ONNX Runtime's builds evaluate and predict, alike to five digits";
});
