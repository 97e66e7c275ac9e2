/** Trains three epochs on real images through the command line, and checks what every command prints and leaves behind. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const data = process.env.NAEVUS_DATA;
if (!data || !statSync(data, { throwIfNoEntry: false })?.isDirectory()) {
  console.error("end-to-end: set NAEVUS_DATA to a folder of images (Train/<class>/*, Test/<class>/*).");
  process.exit(1);
}

const root = path.resolve(import.meta.dirname, "..");
const work = mkdtempSync(path.join(tmpdir(), "naevus-end-to-end-"));

/**
 * Runs `npx naevus ...` and gives what it printed; its messages pass through.
 *
 * @param {string[]} args
 */
function naevus(...args) {
  console.log(`$ npx naevus ${args.join(" ")}`);
  const { status, signal, stdout } = spawnSync("npx", ["naevus", ...args], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", 2],
    maxBuffer: 1 << 28,
  });
  assert.equal(signal, null, `naevus ${args[0]} was ended by ${signal}`);
  assert.equal(status, 0, `naevus ${args[0]} ended with status ${status}:\n${stdout}`);
  return stdout;
}

/** @param {string} text */
const lastLine = (text) => JSON.parse(text.trimEnd().split("\n").at(-1) ?? "");
/**
 * @param {unknown} value
 * @param {number} low
 * @param {number} high
 * @param {string} name
 */
const within = (value, low, high, name) =>
  assert.ok(
    typeof value === "number" && value >= low && value <= high,
    `${name}: expected ${low} to ${high}, got ${value}`,
  );

/**
 * First image under a folder, depth first, in the order of the names.
 *
 * @param {string} folder
 * @returns {string | undefined}
 */
function firstImage(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    const image = entry.isDirectory() ? firstImage(file) : /\.(jpe?g|png|webp|bmp|tiff?)$/i.test(entry.name) && file;
    if (image) return image;
  }
  return undefined;
}

try {
  const run = path.join(work, "run");
  const trained = lastLine(naevus("train", "--data", data, "--epochs", "3", "--seed", "1", "--out", run, "--json"));
  console.log(JSON.stringify(trained));
  assert.equal(path.resolve(root, trained.run), run);
  assert.equal(trained.epochs, 3);
  assert.equal(trained.network, "notebook");
  assert.equal(trained.engine, "onednn");
  assert.ok(["f32", "bf16"].includes(trained.precision), `precision: got ${trained.precision}`);
  within(trained.imagesPerSecond, 1, 1e6, "imagesPerSecond");
  within(trained.loss, 0, 10, "loss");
  within(trained.parameters, 1e6, 1e7, "parameters");

  for (const file of ["config.json", "metrics.jsonl", "checkpoint.safetensors", "model.onnx", "evaluation.json"]) {
    assert.ok(statSync(path.join(run, file)).size > 0, `${file} is empty`);
  }
  assert.deepEqual(
    readdirSync(run).filter((name) => /\.tmp|~$/.test(name)),
    [],
    "temporary files were left behind",
  );
  assert.equal(readFileSync(path.join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n").length, 3);

  /** @type {import("../src/evaluation/judgement/evaluation.ts").Evaluation} */
  const evaluation = JSON.parse(naevus("evaluate", run, "--data", data, "--json"));
  const { classes, confusionMatrix, samples, accuracy } = evaluation;
  console.log(JSON.stringify({ ...evaluation, confusionMatrix: undefined, perClass: undefined }));
  assert.equal(typeof evaluation.protocol, "string");
  assert.ok(Array.isArray(classes) && classes.length > 1);
  assert.equal(confusionMatrix.length, classes.length);
  assert.ok(confusionMatrix.every((row) => row.length === classes.length));
  /** @param {readonly (number | undefined)[]} values */
  const total = (values) => values.reduce((/** @type {number} */ sum, value) => sum + (value ?? 0), 0);
  assert.equal(total(confusionMatrix.flat()), samples);
  assert.ok(Math.abs(total(confusionMatrix.map((row, index) => row[index])) / samples - accuracy) < 1e-9);
  within(accuracy, 0, 1, "accuracy");
  within(evaluation.balancedAccuracy, 0, 1, "balancedAccuracy");
  const [low, high] = evaluation.accuracyInterval;
  assert.ok(low < accuracy && accuracy < high, `accuracyInterval: ${low} to ${high} does not hold ${accuracy}`);
  const scores = evaluation.perClass;
  assert.deepEqual(
    scores.map((score) => score.class),
    classes,
  );
  for (const score of [...scores, evaluation.macro, evaluation.weighted]) {
    for (const name of /** @type {const} */ (["precision", "recall", "f1"])) within(score[name], 0, 1, name);
  }
  assert.equal(total(scores.map((score) => score.support)), samples);
  // Three epochs are few, but a network that learns nothing names one class for all images.
  const named = classes.filter((_, column) => confusionMatrix.some((row) => (row[column] ?? 0) > 0));
  assert.ok(named.length > 1, `every image was called ${named[0]}`);
  const stored = JSON.parse(readFileSync(path.join(run, "evaluation.json"), "utf8"));
  assert.deepEqual(stored.confusionMatrix, confusionMatrix, "evaluation.json differs from what evaluate prints");

  const predicted = JSON.parse(naevus("predict", run, firstImage(data) ?? "", "--json"));
  console.log(JSON.stringify(predicted));
  const [prediction] = predicted.predictions;
  assert.deepEqual(Object.keys(prediction.probabilities), classes);
  const probabilities = Object.values(prediction.probabilities);
  assert.ok(Math.abs(total(probabilities) - 1) < 1e-3, `the probabilities sum to ${total(probabilities)}`);
  assert.equal(prediction.class, classes[probabilities.indexOf(Math.max(...probabilities))]);
  assert.equal(prediction.probability, Math.max(...probabilities));
  console.log("end-to-end: train, evaluate and predict agree with each other");
} finally {
  rmSync(work, { recursive: true, force: true });
}
