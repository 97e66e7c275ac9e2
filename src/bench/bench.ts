/** All measurements, one after the other, and what they come to. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineDescription, Precision } from "../engine/engine.ts";
import { onednnEngine } from "../engine/onednn/onednn-engine.ts";
import type { NetworkName } from "../network/architectures.ts";
import { benchmarkNetworks, trainingNetworks } from "./benchmark-networks.ts";
import { writeCheapDataset } from "./cheap-dataset.ts";
import { measureApart } from "./children.ts";
import { benchInference, type InferenceRow } from "./inference-bench.ts";
import { describeMachine, type Machine } from "./machine.ts";
import type { PipelineFigures, PrimitivesFigures } from "./measurements.ts";
import { benchScaling, type Scaling, type ScalingOptions } from "./scaling-bench.ts";
import { benchStart } from "./start-bench.ts";
import { benchTraining, type TrainingBenchOptions, type TrainingRow } from "./training-bench.ts";

/** The network that stands for all where one must do. */
const network: NetworkName = "resnet18-w32";

/** How much is measured. */
export interface Effort {
  readonly batch: number;
  readonly training: Pick<
    TrainingBenchOptions,
    "networks" | "warmUpSteps" | "rounds" | "stepsPerRound" | "secondsPerNetwork"
  >;
  readonly inference: { readonly rounds: number; readonly runsPerRound: number };
  readonly augmentationBatches: number;
  readonly pipeline: {
    readonly networks: readonly NetworkName[];
    readonly images: number;
    readonly rounds: number;
    readonly steps: number;
  };
  readonly primitiveRounds: number;
  readonly start: { readonly images: number; readonly runs: number };
  readonly scaling?: Pick<ScalingOptions, "batches" | "threads" | "imageSizes" | "setSizes" | "steps">;
  /** Of the training networks, for a bench that only shows that it works; not together with a peer. */
  readonly imageSize?: number;
}

/** The effort behind the published figures. */
export const fullEffort: Effort = {
  batch: 32,
  training: { networks: trainingNetworks, warmUpSteps: 3, rounds: 5, stepsPerRound: 4 },
  inference: { rounds: 5, runsPerRound: 40 },
  augmentationBatches: 100,
  pipeline: { networks: benchmarkNetworks, images: 2357, rounds: 3, steps: 12 },
  primitiveRounds: 9,
  start: { images: 2357, runs: 5 },
  scaling: {
    batches: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    threads: [1, 2],
    imageSizes: [64, 96, 128, 160, 192, 224, 256],
    setSizes: [1_000, 10_000, 100_000],
    steps: 7,
  },
};

/** The same without the scaling curves, in less than a minute. */
export const quickEffort: Effort = {
  batch: 32,
  training: { networks: benchmarkNetworks, warmUpSteps: 1, rounds: 3, stepsPerRound: 2, secondsPerNetwork: 6 },
  inference: { rounds: 2, runsPerRound: 10 },
  augmentationBatches: 20,
  pipeline: { networks: [network], images: 500, rounds: 1, steps: 8 },
  primitiveRounds: 3,
  start: { images: 500, runs: 1 },
};

/** The whole pipeline beside the bare step, for one network and precision. */
export interface PipelineRow extends PipelineFigures {
  readonly network: NetworkName;
  readonly precision: Precision;
  readonly pipelineOverStep: number;
}

/** The primitives of a step beside the step, for one network and precision. */
export interface PrimitivesRow extends PrimitivesFigures {
  readonly network: NetworkName;
  readonly precision: Precision;
  readonly primitiveOverStep: number;
}

/** All that a bench measured, as `bench/results.json` has it. */
export interface Results {
  /** Day of the measurement. */
  readonly measured: string;
  readonly machine: Machine;
  readonly engine: EngineDescription;
  readonly batch: number;
  readonly training: readonly TrainingRow[];
  /** Images per second of each of PyTorch's configurations, by network and then `precision layout`. */
  readonly peerConfigurations: { readonly [network: string]: { readonly [configuration: string]: number } } | null;
  readonly inference: readonly InferenceRow[];
  /** One core, 128x128: turned, scaled, cropped, recoloured, erased, mixed. */
  readonly augmentationImagesPerSecond: number;
  /** In the precision that `auto` takes; resnet18-w32 alone in a quick bench. */
  readonly pipeline: readonly PipelineRow[];
  /** Rate of the whole pipeline over that of the bare step, of resnet18-w32. */
  readonly pipelineOverStep: number;
  readonly primitives: readonly PrimitivesRow[];
  /** The lowest among the networks. */
  readonly primitiveOverStep: number;
  /** Training resnet18-w32: the larger of the two precisions'. */
  readonly peakMemoryBytes: number;
  /** The same of PyTorch, in its fastest configuration for each precision. */
  readonly peerPeakMemoryBytes: number | null;
  readonly startSeconds: number;
  /** Null in a quick bench. */
  readonly scaling: Scaling | null;
}

/** What a bench measures, with what. */
export interface BenchOptions {
  readonly effort: Effort;
  readonly threads: number;
  /** Interpreter with PyTorch; without it only naevus is measured. */
  readonly python: string | undefined;
  readonly date: Date;
  readonly onProgress: (message: string) => void;
}

/** Throws EngineError where there is no oneDNN. */
export async function runBench({ effort, threads, python, date, onProgress }: BenchOptions): Promise<Results> {
  const engine = onednnEngine({ threads });
  const { defaultPrecision: precision, precisions } = engine.description;
  const { batch, imageSize } = effort;
  const size = imageSize === undefined ? {} : { imageSize };
  const plan = { network, precision, batch, threads, ...size };
  const folder = await mkdtemp(join(tmpdir(), "naevus-bench-"));
  try {
    const trained = await benchTraining({
      ...effort.training,
      ...size,
      precisions,
      batch,
      threads,
      python,
      memoryOf: [network],
      onProgress,
    });
    const inference = await benchInference({ ...effort.inference, precisions, threads, python, onProgress });

    onProgress("augmentation");
    const augmentation = await measureApart("augmentation", { imageSize: 128, batches: effort.augmentationBatches });

    const data = join(folder, "pipeline");
    await writeCheapDataset(data, effort.pipeline.images);
    const pipeline: PipelineRow[] = [];
    const { networks: pipelineNetworks, rounds, steps } = effort.pipeline;
    for (const name of pipelineNetworks) {
      onProgress(`${name}: the whole pipeline`);
      const source = { data, cacheFolder: join(folder, "cache") };
      const figures = await measureApart("pipeline", { ...plan, ...source, network: name, rounds, steps });
      const pipelineOverStep = figures.pipelineImagesPerSecond / figures.stepImagesPerSecond;
      pipeline.push({ network: name, precision, ...figures, pipelineOverStep });
    }

    const primitives: PrimitivesRow[] = [];
    for (const name of benchmarkNetworks) {
      onProgress(`${name}: primitives`);
      const figures = await measureApart("primitives", { ...plan, network: name, rounds: effort.primitiveRounds });
      const primitiveOverStep = figures.primitiveSeconds / figures.stepSeconds;
      primitives.push({ network: name, precision, ...figures, primitiveOverStep });
    }

    const settings = { network, batch, threads, ...size };
    const startSeconds = await benchStart({ ...effort.start, folder: join(folder, "start"), settings, onProgress });
    const base = { network, precision, batch, threads, setImageSize: 64 };
    const scaling = effort.scaling ? await benchScaling({ ...effort.scaling, base, folder, onProgress }) : null;

    const rows = trained.rows.filter((row) => row.network === network);
    const peerPeaks = rows.flatMap(({ peerPeakMemoryBytes }) => peerPeakMemoryBytes ?? []);
    return {
      measured: date.toISOString().slice(0, 10),
      machine: describeMachine(),
      engine: trained.engine,
      batch,
      training: trained.rows,
      peerConfigurations: trained.peerConfigurations,
      inference,
      augmentationImagesPerSecond: augmentation.imagesPerSecond,
      pipeline,
      pipelineOverStep: pipeline.find((row) => row.network === network)!.pipelineOverStep,
      primitives,
      primitiveOverStep: Math.min(...primitives.map(({ primitiveOverStep }) => primitiveOverStep)),
      peakMemoryBytes: Math.max(...rows.map(({ peakMemoryBytes }) => peakMemoryBytes)),
      peerPeakMemoryBytes: peerPeaks.length > 0 ? Math.max(...peerPeaks) : null,
      startSeconds,
      scaling,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
