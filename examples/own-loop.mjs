/**
 * Trains a network of one's own by a loop of one's own, step by step, with the engine that naevus trains with.
 *
 *     node examples/own-loop.mjs data/isic9 5
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openDataset } from "naevus";
import { adamW, selectEngine } from "naevus/engine";
import { packImages } from "naevus/image";
import {
  batchNorm,
  buildGraph,
  conv2d,
  dense,
  globalAveragePool,
  initialParameters,
  maxPool,
  normalize,
  Random,
  relu,
} from "naevus/network";

const [data = "data/isic9", epochs = "5"] = process.argv.slice(2);
const [size, batch, learningRate] = [64, 16, 0.001];

const dataset = await openDataset(data);
const cacheFolder = await mkdtemp(path.join(tmpdir(), "own-loop-"));
const images = await packImages(dataset, { size, cacheFolder });
const learned = images.images.flatMap(({ split }, index) => (split === "train" ? [index] : []));
const labels = images.images.map(({ label }) => label);
const classes = dataset.classes.length;

/** @param {number} filters */
const block = (filters) => [conv2d(filters, 3, { bias: false }), batchNorm(), relu(), maxPool(2)];
const graph = buildGraph({
  name: "own",
  input: { channels: 3, height: size, width: size },
  layers: [normalize(), ...block(16), ...block(32), globalAveragePool(), dense(classes)],
});

const engine = await selectEngine("auto", console.warn);
const plan = engine.trainingPlan(graph, { batch, optimizer: adamW() });
await plan.setParameters(initialParameters(graph.parameters, Random.of(1)));

const pixels = new Uint8Array(batch * size * size * 3);
for (let epoch = 1; epoch <= Number(epochs); epoch++) {
  const order = Random.of(1, epoch).shuffle(learned);
  const losses = [];
  for (let start = 0; start + batch <= order.length; start += batch) {
    const indices = order.slice(start, start + batch);
    images.read(indices, pixels);
    // One row for each image, 1 at its class.
    const targets = new Float32Array(batch * classes);
    for (const [row, index] of indices.entries()) targets[row * classes + (labels[index] ?? 0)] = 1;
    const { loss } = await plan.computeGradients(pixels, targets);
    await plan.update(learningRate);
    losses.push(loss);
  }
  console.log(`epoch ${epoch}: loss ${losses.reduce((sum, loss) => sum + loss, 0) / losses.length}`);
}

plan.dispose();
images.close();
await rm(cacheFolder, { recursive: true });
