/** What a network is on which every engine must compute what the reference engine computes. */
import { batchNorm, conv2d, dense, flatten, type Layer } from "../../network/layer.ts";
import type { TrainingPlanOptions } from "../engine.ts";
import type { CrossEntropyOptions } from "../loss.ts";

/** A network, with how it is compared. */
export interface ConformanceCase {
  readonly name: string;
  readonly input: { readonly channels: number; readonly height: number; readonly width: number };
  readonly layers: readonly Layer[];
  readonly frozen: number;
  readonly batch: number;
  readonly targets: "hard" | "soft" | "withZeroRows";
  readonly options: CrossEntropyOptions & Pick<TrainingPlanOptions, "seed">;
  /**
   * Where bf16's rounding moves a value across a rectifier's zero, or past another value of a pooling window, the whole
   * gradient of that value moves too. In these networks that happens in some batches, so several are tried.
   */
  readonly deep: boolean;
  /** Relative error allowed for gradients in bf16: larger where no batch is free of such moves. */
  readonly bf16GradientError: number;
}

const maps = (channels: number, height: number, width: number) => ({ channels, height, width });

/** From maps to logits of five classes. */
export const head = (): Layer[] => [flatten(), dense(5)];

/** A network that is compared in one batch. */
export const single = (
  name: string,
  [channels, height, width]: readonly [number, number, number],
  layers: readonly Layer[],
  rest: Partial<ConformanceCase> = {},
): ConformanceCase => ({
  name,
  input: maps(channels, height, width),
  layers,
  frozen: 0,
  batch: 3,
  targets: "hard",
  options: {},
  deep: false,
  bf16GradientError: 2e-2,
  ...rest,
});

/** A network that is compared in several batches in bf16. */
export const deep: typeof single = (name, input, layers, rest) => single(name, input, layers, { deep: true, ...rest });

/** A convolution without a bias and its normalisation. */
export const convNorm = (filters: number, kernel: number, stride = 1): Layer[] => [
  conv2d(filters, kernel, { stride, bias: false }),
  batchNorm(),
];
