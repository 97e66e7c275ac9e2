/** What is measured in a process of its own that does nothing else: one function for each, from its task to its figures. */
import type { Precision } from "../engine/engine.ts";
import { onednnEngine } from "../engine/onednn/onednn-engine.ts";
import { adam } from "../engine/optimizer.ts";
import { randomBatch, timeInstructions } from "../engine/profile/timing.ts";
import { policies } from "../image/augmentation/policy.ts";
import { readDataset } from "../image/read-dataset.ts";
import { packImages } from "../image/store/packed-store.ts";
import { median } from "../median.ts";
import { type NetworkName, networks } from "../network/architectures.ts";
import { buildGraph, type Graph } from "../network/graph.ts";
import { initialParameters } from "../network/parameters.ts";
import { Random } from "../random.ts";
import { selectionLoader } from "../training/background-loader.ts";
import { BatchMaker, type BatchPreparation } from "../training/batches.ts";
import { freshProgress, trainNetwork } from "../training/train.ts";
import { cheapClasses } from "./cheap-dataset.ts";

/** All that can happen to an image on its way; the division by 255 and the like are the network's first layer. */
const fullPreparation: BatchPreparation = {
  augmentation: policies.strong,
  mixing: { mixup: 0.2, cutmix: 0 },
};

const secondsSince = (start: number): number => (performance.now() - start) / 1000;

/** How augmentation alone is measured. */
export interface AugmentationTask {
  readonly imageSize: number;
  readonly batches: number;
}

/** Images per second of the policy "strong" and mixup, from memory to memory in this thread. */
function measureAugmentation({ imageSize, batches }: AugmentationTask): { readonly imagesPerSecond: number } {
  const batch = 32;
  const source = randomBytes(batch * imageSize * imageSize * 3);
  const recipe = { ...fullPreparation, height: imageSize, width: imageSize, classes: cheapClasses, seed: 1 };
  const maker = new BatchMaker(recipe, (_, out) => out.set(source));
  const out = { input: new Uint8Array(source.length), targets: new Float32Array(batch * cheapClasses) };
  const indices = Uint32Array.from({ length: batch }, (_, i) => i);
  const labels = indices.map((index) => index % cheapClasses);
  const warmUp = 10;
  const seconds = Array.from({ length: warmUp + batches }, (_, step) => {
    const start = performance.now();
    maker.make({ epoch: 0, step, indices, labels }, out);
    return secondsSince(start);
  });
  return { imagesPerSecond: batch / median(seconds.slice(warmUp)) };
}

const randomBytes = (length: number): Uint8Array => {
  const random = Random.of(1);
  return new Uint8Array(length).map(() => random.integer(256));
};

interface PlanTask {
  readonly network: NetworkName;
  readonly precision: Precision;
  readonly batch: number;
  readonly threads: number;
  readonly imageSize?: number;
}

function planOf({ network, precision, batch, threads, imageSize }: PlanTask) {
  const graph = buildGraph(networks[network]({ classes: cheapClasses, ...(imageSize !== undefined && { imageSize }) }));
  const plan = onednnEngine({ threads }).trainingPlan(graph, { batch, precision, optimizer: adam() });
  plan.setParameters(initialParameters(graph.parameters, Random.of(1)));
  return { graph, plan };
}

/** The first steps wait for the first batches, and code is compiled. */
const leadSteps = 4;

interface Source {
  readonly images: Awaited<ReturnType<typeof packImages>>;
  readonly preparation: BatchPreparation;
  readonly steps: number;
}

/** Times of `steps` steps of the training loop as a run has it: read, augmented in a thread beside, copied, computed. */
async function pipelineSteps(
  { graph, plan }: ReturnType<typeof planOf>,
  { images, preparation, steps }: Source,
): Promise<readonly number[]> {
  const indices = Uint32Array.from(images.images.flatMap(({ split }, i) => (split === "train" ? [i] : [])));
  const stop = new AbortController();
  const ends: number[] = [];
  const ofEpoch = Math.floor(indices.length / plan.batch);
  await trainNetwork({
    plan,
    images: {
      labels: Array.from(indices, (index) => images.images[index]!.label),
      read: (rows, out) =>
        images.read(
          Uint32Array.from(rows, (row) => indices[row]!),
          out,
        ),
    },
    preparation,
    openLoader: selectionLoader(images.select(indices), true),
    inputShape: graph.inputShape,
    classes: graph.classes,
    epochs: Math.ceil((steps + leadSteps) / ofEpoch),
    seed: 1,
    schedule: "constant",
    learningRate: 1e-3,
    warmupEpochs: 0,
    progress: freshProgress,
    checkpointSeconds: Number.POSITIVE_INFINITY,
    save: async () => {},
    onStep: () => {
      ends.push(performance.now());
      if (ends.length === steps + leadSteps) stop.abort();
    },
    signal: stop.signal,
  });
  return ends.slice(leadSteps).map((end, i) => (end - ends[leadSteps - 1 + i]!) / 1000);
}

function bareSteps({ graph, plan }: ReturnType<typeof planOf>, steps: number): readonly number[] {
  const { images, targets } = randomBatch(graph, plan.batch, Random.of(1));
  return Array.from({ length: steps }, () => {
    const start = performance.now();
    plan.computeGradients(images, targets);
    plan.update(1e-3);
    return secondsSince(start);
  });
}

/** How the whole pipeline is measured: from stored images to updated weights. */
export interface PipelineTask extends PlanTask {
  readonly data: string;
  readonly cacheFolder: string;
  readonly rounds: number;
  readonly steps: number;
}

/** Images per second of the bare step and of the whole pipeline. */
export interface PipelineFigures {
  readonly stepImagesPerSecond: number;
  readonly pipelineImagesPerSecond: number;
}

/** The whole pipeline and the bare step in turns, on one plan. */
async function measurePipeline(task: PipelineTask): Promise<PipelineFigures> {
  const made = planOf(task);
  const images = await packed(task.data, made.graph, task.cacheFolder);
  const bare: number[] = [];
  const whole: number[] = [];
  for (let round = 0; round < task.rounds; round++) {
    bare.push(...bareSteps(made, task.steps + (round === 0 ? 1 : 0)).slice(round === 0 ? 1 : 0));
    whole.push(...(await pipelineSteps(made, { images, preparation: fullPreparation, steps: task.steps })));
  }
  images.close();
  made.plan.dispose();
  return {
    stepImagesPerSecond: task.batch / median(bare),
    pipelineImagesPerSecond: task.batch / median(whole),
  };
}

async function packed(data: string, graph: Graph, cacheFolder: string) {
  const [, height, width] = graph.inputShape as readonly [number, number, number];
  return packImages(await readDataset(data), { size: [height, width], cacheFolder });
}

/** How the primitives of a step are measured. */
export interface PrimitivesTask extends PlanTask {
  readonly rounds: number;
}

/** Seconds of a step, and of its primitives timed alone. */
export interface PrimitivesFigures {
  readonly stepSeconds: number;
  readonly primitiveSeconds: number;
}

/** Every primitive of a step, timed alone, beside the step. */
function measurePrimitives(task: PrimitivesTask): PrimitivesFigures {
  const graph = buildGraph(networks[task.network]({ classes: cheapClasses }));
  const { stepSeconds, instructions } = timeInstructions(onednnEngine({ threads: task.threads }), graph, task);
  return { stepSeconds, primitiveSeconds: instructions.reduce((sum, { seconds }) => sum + seconds, 0) };
}

/** How a data set of some size is measured. */
export interface SetSizeTask extends PlanTask {
  readonly data: string;
  readonly cacheFolder: string;
  readonly steps: number;
}

/** What a data set of some size takes. */
export interface SetSizeFigures {
  /** Listing the folder, and decoding every image into the packed store. */
  readonly packSeconds: number;
  /** The same once the packed store is there. */
  readonly openSeconds: number;
  readonly imagesPerSecond: number;
  readonly peakMemoryBytes: number;
}

async function measureSetSize(task: SetSizeTask): Promise<SetSizeFigures> {
  const made = planOf(task);
  const first = performance.now();
  (await packed(task.data, made.graph, task.cacheFolder)).close();
  const packSeconds = secondsSince(first);
  const second = performance.now();
  const images = await packed(task.data, made.graph, task.cacheFolder);
  const openSeconds = secondsSince(second);
  const seconds = await pipelineSteps(made, { images, preparation: fullPreparation, steps: task.steps });
  images.close();
  made.plan.dispose();
  return {
    packSeconds,
    openSeconds,
    imagesPerSecond: task.batch / median(seconds),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** By the name with which `measurement-process.ts` is asked for them. */
export const measurements = {
  augmentation: measureAugmentation,
  pipeline: measurePipeline,
  primitives: measurePrimitives,
  setSize: measureSetSize,
} as const;

/** The measurements that a process of its own makes. */
export type MeasurementName = keyof typeof measurements;
/** What a measurement is asked. */
export type TaskOf<N extends MeasurementName> = Parameters<(typeof measurements)[N]>[0];
/** What a measurement answers. */
export type FiguresOf<N extends MeasurementName> = Awaited<ReturnType<(typeof measurements)[N]>>;
