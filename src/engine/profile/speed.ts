/** How many images a second a network trains on and judges here, measured on random images. */

import { median } from "../../median.ts";
import type { Graph } from "../../network/graph.ts";
import { initialParameters } from "../../network/parameters.ts";
import { Random } from "../../random.ts";
import type { Awaitable, Engine, PlanOptions, TrainingMemory } from "../engine.ts";
import { adam } from "../optimizer.ts";
import { randomBatch } from "./timing.ts";

/** What is measured, and how long. */
export interface SpeedOptions extends Required<PlanOptions> {
  /** For training, and again for inference; one batch is measured at least. */
  readonly seconds: number;
  /** Milliseconds; differences alone are used. */
  readonly clock?: () => number;
}

/** Images a second, from the median of all batches. */
export interface Speed {
  /** Input copied, forward, loss, backward, update. */
  readonly training: number;
  readonly inference: number;
}

/** The speed of whole batches that are there already: no image is decoded and none is augmented. */
export async function measureSpeed(engine: Engine, graph: Graph, options: SpeedOptions): Promise<Speed> {
  const { batch, precision } = options;
  const parameters = initialParameters(graph.parameters, Random.of(1));
  const { images, targets } = randomBatch(graph, batch, Random.of(2));
  const training = engine.trainingPlan(graph, { batch, precision, optimizer: adam() });
  let inTraining: number;
  try {
    training.setParameters(parameters);
    inTraining = await rate(options, async () => {
      await training.computeGradients(images, targets);
      await training.update(0); // Leaves the weights as they are, however often it runs.
    });
  } finally {
    training.dispose();
  }
  const inference = engine.inferencePlan(graph, { batch, precision });
  try {
    inference.setParameters(parameters);
    return { training: inTraining, inference: await rate(options, () => inference.infer(images)) };
  } finally {
    inference.dispose();
  }
}

/** Images a second. The first batch, in which memory is touched and code compiled, counts only where there is time for no other. */
async function rate(
  { batch, seconds, clock = () => performance.now() }: SpeedOptions,
  work: () => Awaitable<unknown>,
): Promise<number> {
  const times: number[] = [];
  const begun = clock();
  for (let last = begun; times.length === 0 || last - begun < seconds * 1000; ) {
    await work();
    const now = clock();
    times.push((now - last) / 1000);
    last = now;
  }
  return batch / median(times.length > 1 ? times.slice(1) : times);
}

/** What a training step needs of memory: a plan is made, and nothing computed. */
export function measureMemory(
  engine: Engine,
  graph: Graph,
  { batch, precision }: Required<PlanOptions>,
): TrainingMemory {
  const plan = engine.trainingPlan(graph, { batch, precision, optimizer: adam() });
  try {
    return plan.memory;
  } finally {
    plan.dispose();
  }
}
