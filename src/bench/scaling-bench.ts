/** What becomes of the rate as work grows: batch, threads, image size, and the number of images. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Precision } from "../engine/engine.ts";
import { median } from "../median.ts";
import type { NetworkName } from "../network/architectures.ts";
import { writeCheapDataset } from "./cheap-dataset.ts";
import { measureApart } from "./children.ts";
import type { SetSizeFigures } from "./measurements.ts";
import { startTraining } from "./training-bench.ts";
import type { StepTimes } from "./training-process.ts";

/** A bare training step with one thing changed. */
export interface ScalingPoint {
  readonly value: number;
  readonly imagesPerSecond: number;
  /** Of the training process. */
  readonly peakMemoryBytes: number;
}

/** Figures of a data set of `value` images. */
export interface SetSizePoint extends SetSizeFigures {
  readonly value: number;
}

/** What stays as it is where something else changes. */
export interface ScalingBase {
  readonly network: NetworkName;
  readonly precision: Precision;
  readonly batch: number;
  readonly threads: number;
  /** Of the set sizes alone: smaller, so that the largest set fits. */
  readonly setImageSize: number;
}

/** How speed changes with batch, threads, image size and size of the data set. */
export interface Scaling {
  readonly base: ScalingBase;
  readonly batch: readonly ScalingPoint[];
  readonly threads: readonly ScalingPoint[];
  readonly imageSize: readonly ScalingPoint[];
  /** The whole pipeline, with images that cost next to nothing to decode. */
  readonly setSize: readonly SetSizePoint[];
}

/** The values that are measured, and how. */
export interface ScalingOptions {
  readonly base: ScalingBase;
  readonly batches: readonly number[];
  readonly threads: readonly number[];
  readonly imageSizes: readonly number[];
  readonly setSizes: readonly number[];
  readonly steps: number;
  /** For data sets and packed stores. */
  readonly folder: string;
  readonly onProgress: (message: string) => void;
}

/** Measures how speed changes, one quantity at a time. */
export async function benchScaling(options: ScalingOptions): Promise<Scaling> {
  const { base, steps, onProgress } = options;
  const { setImageSize, ...plan } = base;

  const measure = async (values: readonly number[], name: "batch" | "threads" | "imageSize") => {
    const points: ScalingPoint[] = [];
    for (const value of values) {
      onProgress(`scaling: ${name} ${value}`);
      const task = { ...plan, [name]: value };
      const { process } = await startTraining(task);
      try {
        await process.ask<StepTimes>({ steps: 2 });
        const { seconds, peakMemoryBytes } = await process.ask<StepTimes>({ steps });
        points.push({ value, imagesPerSecond: task.batch / median(seconds), peakMemoryBytes });
      } finally {
        await process.close();
      }
    }
    return points;
  };

  const setSize: SetSizePoint[] = [];
  for (const value of options.setSizes) {
    onProgress(`scaling: ${value} images`);
    const folder = await mkdtemp(join(options.folder, "set-"));
    const data = join(folder, "data");
    try {
      await writeCheapDataset(data, value);
      const task = { ...plan, imageSize: setImageSize, data, cacheFolder: join(folder, "cache"), steps: steps * 4 };
      setSize.push({ value, ...(await measureApart("setSize", task)) });
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return {
    base,
    batch: await measure(options.batches, "batch"),
    threads: await measure(options.threads, "threads"),
    imageSize: await measure(options.imageSizes, "imageSize"),
    setSize,
  };
}
