/** A trained run judges in the installed package, by whichever build of ONNX Runtime came with it, and by the native one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { run, tryPackage, userEnvironment, userFolder } from "./installation.js";

/**
 * Which build of ONNX Runtime the installed package found: native or WebAssembly.
 *
 * @param {string} user
 */
function runtimeOf(user) {
  const { stdout } = spawnSync("npx", ["naevus", "doctor"], { cwd: user, encoding: "utf8", env: userEnvironment() });
  const found = /^ONNX Runtime: +[\d.]+, (native|WebAssembly)/m.exec(stdout);
  assert.ok(found, `naevus doctor names no ONNX Runtime:\n${stdout}`);
  return found[1];
}

/**
 * Trains a run on drawn images, and judges with it.
 *
 * @param {string} user
 */
async function judge(user) {
  /** @param {string[]} args */
  const naevus = async (...args) => (await run(user, "npx", ["naevus", ...args])).stdout;
  /** @param {string} name */
  const place = (name) => path.join(user, "judged", name);
  const [data, trained, cache] = [place("data"), place("run"), place("cache")];
  rmSync(path.dirname(data), { recursive: true, force: true });
  await naevus("data", "phantom", "--out", data, "--images", "24", "--size", "16");
  const size = ["--image-size", "16", "--batch", "8", "--epochs", "1"];
  await naevus("train", "--data", data, "--out", trained, "--cache", cache, "--engine", "reference", ...size);
  assert.match(await naevus("evaluate", trained, "--data", data, "--cache", cache), /accuracy/);
  /** @type {{ predictions: { probability: number }[] }} */
  const { predictions } = JSON.parse(await naevus("predict", trained, path.join(data, "Test"), "--json"));
  assert.ok(
    predictions.length > 0 && predictions.every(({ probability }) => probability > 0),
    "predict judged nothing",
  );
}

await tryPackage("runtimes", async (tarball, work) => {
  const user = userFolder(path.join(work, "user"));
  // As it is typed: install scripts run, and may fail to download what naevus does not need.
  await run(user, "npm", ["install", tarball]);
  const runtimes = [runtimeOf(user)];
  await judge(user);
  if (runtimes[0] !== "native") {
    await run(user, "npm", ["install", "--ignore-scripts", "onnxruntime-node"]);
    runtimes.push(runtimeOf(user));
    assert.equal(runtimes[1], "native", "what doctor says to type does not bring the native ONNX Runtime");
    await judge(user);
  }
  return `trains, evaluates and predicts with ONNX Runtime's build: ${runtimes.join(", ")}`;
});
