/** Runs as a process of its own: trains one network on random images and reports the time of every step. */
import type { EngineDescription, Precision } from "../engine/engine.ts";
import { onednnEngine } from "../engine/onednn/onednn-engine.ts";
import { adam } from "../engine/optimizer.ts";
import { randomBatch } from "../engine/profile/timing.ts";
import { type NetworkName, networks } from "../network/architectures.ts";
import { buildGraph } from "../network/graph.ts";
import { initialParameters } from "../network/parameters.ts";
import { Random } from "../random.ts";
import { serve } from "./serve.ts";

/** What the process is started with, as JSON in its only argument. */
export interface TrainingTask {
  readonly network: NetworkName;
  readonly precision: Precision;
  readonly batch: number;
  readonly threads: number;
  /** By default the architecture's own. */
  readonly imageSize?: number;
}

/** The first line that it writes. */
export interface Ready {
  readonly engine: EngineDescription;
}

/** Answer to `{ steps }`. The peak is that of the whole process so far. */
export interface StepTimes {
  readonly seconds: readonly number[];
  readonly peakMemoryBytes: number;
}

const { network, precision, batch, threads, imageSize } = JSON.parse(process.argv[2]!) as TrainingTask;
const graph = buildGraph(networks[network]({ classes: 9, ...(imageSize !== undefined && { imageSize }) }));
const random = Random.of(1);
const engine = onednnEngine({ threads });
const plan = engine.trainingPlan(graph, { batch, precision, optimizer: adam() });
plan.setParameters(initialParameters(graph.parameters, random));
const { images, targets } = randomBatch(graph, batch, random);

const ready: Ready = { engine: engine.description };
await serve(ready, ({ steps }: { steps: number }): StepTimes => {
  const seconds = Array.from({ length: steps }, () => {
    const start = performance.now();
    plan.computeGradients(images, targets);
    plan.update(1e-3);
    return (performance.now() - start) / 1000;
  });
  return { seconds, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 };
});
plan.dispose();
