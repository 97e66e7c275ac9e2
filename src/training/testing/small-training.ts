/** A network and a training so small that a test can run it to its end many times. */
import type { Immediate, TrainingPlan } from "../../engine/engine.ts";
import { adam, type Optimizer } from "../../engine/optimizer.ts";
import { referenceEngine } from "../../engine/reference/reference-engine.ts";
import { buildGraph } from "../../network/graph.ts";
import { batchNorm, conv2d, dense, dropout, flatten, maxPool, normalize, relu } from "../../network/layer.ts";
import { initialParameters } from "../../network/parameters.ts";
import { Random } from "../../random.ts";
import type { Tensors } from "../../tensor.ts";
import type { Progress } from "../progress.ts";
import { freshProgress, type TrainingOptions } from "../train.ts";
import type { TrainingState } from "../training-state.ts";

export const classes = 3;
export const graph = buildGraph({
  name: "small",
  input: { channels: 3, height: 6, width: 6 },
  layers: [normalize(), conv2d(4, 3), batchNorm(), relu(), maxPool(2), flatten(), dropout(0.2), dense(classes)],
});
export const seed = 7;
export const count = 14; // with batches of 4: three steps, two images dropped
export const pixels = new Uint8Array(count * 6 * 6 * 3).map((_, i) => (i * 2654435761) >>> 24);
export const labels = Array.from({ length: count }, (_, i) => i % classes);
export const images = {
  labels,
  read: (indices: ArrayLike<number>, out: Uint8Array) => {
    for (let row = 0; row < indices.length; row++) {
      out.set(pixels.subarray(indices[row]! * 108, (indices[row]! + 1) * 108), row * 108);
    }
  },
};

export const newPlan = (optimizer: Optimizer = adam()): Immediate<TrainingPlan> =>
  referenceEngine().trainingPlan(graph, { batch: 4, optimizer, seed, sharpnessAware: true });

export const stateOf = (plan: Immediate<TrainingPlan>, progress: Progress): TrainingState => ({
  parameters: plan.parameters(),
  optimizer: plan.optimizerState(),
  progress,
});

export const bits = (tensors: Tensors): string =>
  JSON.stringify([...tensors].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString("hex")]));

export function optionsFor(plan: TrainingPlan, changes: Partial<TrainingOptions> = {}): TrainingOptions {
  let time = 0;
  return {
    plan,
    images,
    inputShape: graph.inputShape,
    classes,
    epochs: 3,
    seed,
    schedule: "cosine",
    learningRate: 0.01,
    warmupEpochs: 1,
    progress: freshProgress,
    checkpointSeconds: 1e9,
    save: async () => {},
    stopwatch: () => (time += 500),
    ...changes,
  };
}

export function freshPlan(optimizer?: Optimizer): Immediate<TrainingPlan> {
  const plan = newPlan(optimizer);
  plan.setParameters(initialParameters(graph.parameters, Random.of(seed)));
  return plan;
}
