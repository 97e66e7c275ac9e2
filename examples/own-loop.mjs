/**
 * Trains a network by a loop of one's own, step by step, with the engine that naevus trains with, and judges it on the test images.
 *
 *     node examples/own-loop.mjs data/isic9 5
 */
import { openDataset } from "naevus";
import { adamW, selectEngine, softmax } from "naevus/engine";
import { evaluateClassification } from "naevus/evaluation";
import { imageBatches, packImages } from "naevus/image";
import * as net from "naevus/network";

const [data = "data/isic9", epochs = "5", size = "64"] = process.argv.slice(2);
const dataset = await openDataset(data);
const images = await packImages(dataset, { size: Number(size) });
const sizes = { batch: 16, classes: dataset.classes.length };

/** @param {number} filters */
const block = (filters) => [net.conv2d(filters, 3, { bias: false }), net.batchNorm(), net.relu(), net.maxPool(2)];
const layers = [net.normalize(), ...block(16), ...block(32), net.globalAveragePool(), net.dense(sizes.classes)];
const graph = net.buildGraph({ name: "own", input: net.imageInput(Number(size)), layers });
const engine = await selectEngine();
const plan = engine.trainingPlan(graph, { ...sizes, optimizer: adamW() });
plan.setParameters(net.initialParameters(graph.parameters, net.Random.of(1)));

for (let epoch = 1; epoch <= Number(epochs); epoch++) {
  const random = net.Random.of(1, epoch);
  let loss = 0;
  for (const { pixels, targets } of imageBatches(images, { ...sizes, split: "train", random })) {
    ({ loss } = await plan.computeGradients(pixels, targets));
    await plan.update(0.001);
  }
  console.log(`epoch ${epoch}: loss ${loss}`);
}

const trained = engine.inferencePlan(graph, sizes);
trained.setParameters(await plan.parameters());
const truth = [];
const logits = [];
for (const { pixels, labels } of imageBatches(images, { ...sizes, split: "test" })) {
  logits.push(...(await trained.infer(pixels)).subarray(0, labels.length * sizes.classes));
  truth.push(...labels);
}
const probabilities = softmax(Float32Array.from(logits), sizes.classes, new Float32Array(logits.length));
const judged = evaluateClassification({ protocol: "official", classes: dataset.classes, truth, probabilities });
console.log(`balanced accuracy on ${judged.samples} test images: ${judged.balancedAccuracy}`);
