/**
 * Trains a network of one's own as Keras's compile and fit do: with a loss, a schedule, a metric and a callback that are functions.
 *
 *     node examples/own-network.mjs data/isic9 20
 */
import { train } from "naevus";
import { softmax } from "naevus/engine";
import { evaluateClassification } from "naevus/evaluation";
import { batchNorm, conv2d, dense, globalAveragePool, imageInput, maxPool, normalize, relu } from "naevus/network";

const [data = "data/isic9", epochs = "20", size = "64"] = process.argv.slice(2);

/** @param {number} filters */
const block = (filters) => [conv2d(filters, 3, { bias: false }), batchNorm(), relu(), maxPool(2)];

/** @type {import("naevus/network").NetworkFunction} */
const network = ({ classes, imageSize = 128 }) => ({
  name: "own",
  input: imageInput(imageSize),
  layers: [normalize(), ...block(16), ...block(32), globalAveragePool(), dense(classes)],
});

/**
 * The generalised cross-entropy (1 - p^q) / q of Zhang and Sabuncu (2018), which wrong labels pull at less.
 *
 * @type {import("naevus").LossFunction}
 */
const loss = (logits, targets, classes, gradient) => {
  const q = 0.7;
  const rows = logits.length / classes;
  const probabilities = softmax(logits, classes, new Float64Array(logits.length));
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    let slope = 0;
    for (let c = 0; c < classes; c++) {
      const [p, t] = [probabilities[at + c] ?? 0, targets[at + c] ?? 0];
      sum += (t * (1 - p ** q)) / q;
      slope += t * p ** q;
      gradient[at + c] = -t * p ** q;
    }
    for (let c = 0; c < classes; c++) {
      gradient[at + c] = ((gradient[at + c] ?? 0) + (probabilities[at + c] ?? 0) * slope) / rows;
    }
  }
  return sum / rows;
};

const { model, history } = await train(data, {
  network,
  imageSize: Number(size),
  epochs: Number(epochs),
  augmentation: "standard",
  validation: 0.2,
  loss,
  schedule: ({ epoch }) => 0.5 ** Math.floor(epoch / 10),
  metrics: {
    balancedAccuracy: (judged) => evaluateClassification({ protocol: "validation", ...judged }).balancedAccuracy,
  },
  callback: (event) => {
    if (event.kind !== "epoch") return undefined;
    const { epoch, loss, metrics } = event.metrics;
    console.log(`epoch ${epoch}: loss ${loss}, balanced accuracy ${metrics?.balancedAccuracy}`);
    return loss < 0.05 ? "stop" : undefined;
  },
});
console.log(`${history.length} epochs; model: ${model}`);
