/** A user's program, to be bundled: trains long enough for a thread of its own, judges, audits and draws, and prints what came of it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { audit, evaluate, predict, train } from "naevus";
import { barChart, drawChart } from "naevus/charts";
import { writePhantomDataset } from "naevus/dataset";

/**
 * @param {string} data the folder of drawn images, and of what is decoded
 * @param {string} work an empty folder
 */
async function main(data, work) {
  const [images, cache] = [path.join(data, "images"), path.join(data, "cache")];
  await writePhantomDataset(images, { images: 60, size: 180, seed: 0 });
  const { run, history } = await train(images, {
    network: "notebook",
    engine: "onednn",
    epochs: 16,
    augmentation: "standard",
    seed: 3,
    out: path.join(work, "run"),
    cache,
  });
  const { accuracy } = await evaluate(run, images, { cache });
  const { predictions } = await predict(run, [path.join(images, "Test")]);
  const { counts } = await audit(images, { cache: path.join(work, "cache") });
  const rows = predictions.map((one) => ({
    name: one.image,
    series: "images",
    value: "class" in one ? one.probability : 0,
  }));
  const chart = await drawChart(barChart({ rows, series: ["images"], x: "probability" }), "predictions");
  const { versions } = JSON.parse(readFileSync(path.join(run, "config.json"), "utf8"));
  const losses = history.map(({ loss }) => loss);
  const model = createHash("sha256")
    .update(readFileSync(path.join(run, "model.onnx")))
    .digest("hex");
  console.log(JSON.stringify({ version: versions.naevus, losses, model, accuracy, predictions, counts, chart }));
}

const [data = "", work = ""] = process.argv.slice(2);
main(data, work);
