/** What is tried in a folder where the package was installed, whatever installed it: import, require, train, predict, fail and be interrupted. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { onednnEngine } from "../../dist/engine/onednn/onednn-engine.js";
import { leastBytesForThread } from "../../dist/training/background-loader.js";
import { root, run } from "./installation.js";

/**
 * How the package is used in a user's folder.
 *
 * @typedef {object} Installed
 * @property {string} folder
 * @property {NodeJS.ProcessEnv} env
 * @property {readonly string[]} naevus the words that are typed before the arguments of `naevus`
 * @property {readonly string[]} program the words that are typed before the name of a program
 */

/**
 * What a user's trial came to.
 *
 * @typedef {object} Trial
 * @property {string} weights a hash of the trained model's file
 * @property {string} trained the run's folder
 * @property {string} photographs the folder of images that were judged
 * @property {readonly number[]} probabilities of all photographs and classes, by the model of `judged` where one was given
 * @property {string} engine
 */

/** Whether oneDNN is here; without it the reference engine trains, on smaller images. */
const onednnIsHere = (() => {
  try {
    return Boolean(onednnEngine());
  } catch (error) {
    if (process.env.NAEVUS_REQUIRE_ONEDNN) throw error;
    return false;
  }
})();

/** Many passes over few images: with oneDNN enough for a thread of its own, and time for an interruption. */
const settings = { network: "notebook", imageSize: onednnIsHere ? 180 : 16, epochs: 15, batch: 16, seed: 3 };
const images = 64;

const { exports } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const entries = Object.keys(exports).map((entry) => entry.replace(/^\./, "naevus"));
const modules = entries.filter((entry) => !entry.endsWith(".json"));

/** Imports every entry, and trains by the library in a thread beside. */
const importing = `
${modules.map((name, index) => `import * as n${index} from "${name}";`).join("\n")}
let workers = 0;
process.on("worker", () => workers++);
const all = [${modules.map((_, index) => `n${index}`).join(", ")}];
const { run } = await n0.train("data", ${JSON.stringify({ ...settings, out: "runs/whole" })});
console.log(JSON.stringify({ functions: all.map((entry) => Object.keys(entry).length), workers, run }));
`;

const requiring = `
const all = ${JSON.stringify(entries)}.map((name) => require(name));
console.log(JSON.stringify({ functions: all.map((entry) => Object.keys(entry).length) }));
`;

/** @param {string} file */
const hashOf = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");

/** @param {string} text */
const lastLine = (text) => JSON.parse(text.trimEnd().split("\n").at(-1) ?? "");

/**
 * Tries everything that a user does, once. What fails throws.
 *
 * @param {Installed} installed
 * @param {Trial} [judged] another trial, whose model judges its photographs here once more
 * @returns {Promise<Trial>}
 */
export async function tryInstalled({ folder, env, naevus: words, program }, judged) {
  /**
   * @param {string[]} args
   * @param {import("./installation.js").RunOptions} more
   */
  const naevus = (args, more = {}) => run(folder, words[0] ?? "", [...words.slice(1), ...args], { env, ...more });
  /** @param {string} file */
  const start = (file) => run(folder, program[0] ?? "", [...program.slice(1), file], { env });

  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  assert.match((await naevus(["--version"])).stdout, new RegExp(`^(.*\\n)?${version.replaceAll(".", "\\.")}\\n`));
  await naevus(["doctor"], { status: onednnIsHere ? 0 : 1 });
  for (const made of ["data", "runs"]) rmSync(path.join(folder, made), { recursive: true, force: true });
  await naevus(["data", "phantom", "--out", "data", "--images", String(images), "--size", "16"]);

  writeFileSync(path.join(folder, "requires.cjs"), requiring);
  const required = lastLine((await start("requires.cjs")).stdout);
  assert.equal(required.functions.length, entries.length);
  writeFileSync(path.join(folder, "imports.mjs"), importing);
  const imported = lastLine((await start("imports.mjs")).stdout);
  assert.equal(imported.functions.length, modules.length);
  const { data, resolved } = JSON.parse(readFileSync(path.join(folder, "runs", "whole", "config.json"), "utf8"));
  assert.equal(resolved.engine, onednnIsHere ? "onednn" : "reference");
  const bytes = data.train * settings.epochs * settings.imageSize ** 2 * 3;
  assert.ok(bytes >= leastBytesForThread || !onednnIsHere, "the training is too short for a thread of its own");
  assert.equal(imported.workers > 0, onednnIsHere, "batches are made in a thread of their own where it pays");

  const stopped = { status: 130, interruptAt: /^epoch +1\//m };
  writeFileSync(path.join(folder, "settings.json"), JSON.stringify(settings));
  const training = ["train", "--data", "data", "--config", "settings.json", "--out", "runs/interrupted"];
  const interrupted = await naevus(training, stopped);
  assert.match(interrupted.stderr, /the state is saved/);
  await naevus(["train", "--resume", "runs/interrupted"]);
  const weights = hashOf(path.join(folder, "runs", "whole", "model.onnx"));
  assert.equal(
    hashOf(path.join(folder, "runs", "interrupted", "model.onnx")),
    weights,
    "a run that was interrupted ends in other weights than a whole one",
  );

  const { stderr } = await naevus(["predict", "runs/whole", "missing.jpg"], { status: 1 });
  const sentences = stderr.split("\n").filter((line) => /^missing\.jpg: |^\s+at /.test(line));
  assert.equal(sentences.length, 1, `a missing file is told in more than a sentence:\n${stderr}`);
  const trained = judged?.trained ?? path.join(folder, "runs", "whole");
  const photographs = judged?.photographs ?? path.join(folder, "data", "Test");
  /** @type {{ predictions: { probabilities: Record<string, number> }[] }} */
  const { predictions } = JSON.parse((await naevus(["predict", trained, photographs, "--json"])).stdout);
  const perImage = predictions.map((prediction) => Object.values(prediction.probabilities));
  for (const row of perImage) {
    const sum = row.reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(sum - 1) < 1e-5, `probabilities sum to ${sum}`);
  }
  const probabilities = perImage.flat();
  assert.ok(probabilities.length > 0, "no photograph was judged");
  if (judged) {
    assert.equal(probabilities.length, judged.probabilities.length);
    const differences = probabilities.map((value, index) => Math.abs(value - (judged.probabilities[index] ?? 1)));
    assert.ok(Math.max(...differences) < 1e-5, `probabilities differ by up to ${Math.max(...differences)}`);
  }
  return { weights, trained, photographs, probabilities, engine: resolved.engine };
}
