/** Work on maps that is put off, so that the convolution before or after it does it on its way. */

import type { ConvolutionSink, ConvolutionSource } from "../../../../x64/kernels/amx-convolution/convolution-kernel.ts";
import type { ConvolutionShape } from "../../../../x64/kernels/amx-convolution/geometry.ts";
import type { Deferred } from "../../../program/deferred-work.ts";
import type { Program } from "../../../program/program.ts";
import type { Value } from "../../../program/value.ts";

/** Maps that are to be made of others. */
export interface DeferredMaps extends Deferred {
  readonly kind: "maps";
  readonly source: Exclude<ConvolutionSource, { kind: "maps" }>;
  readonly coefficients: Value;
  readonly maps: readonly Value[];
}

/** What is to be done with a convolution's result on its way to memory; a task is an image. */
export interface SinkWork {
  readonly sink: ConvolutionSink;
  readonly coefficients: Value;
  /** Rows of sums, for each image. */
  readonly sums: Value;
  readonly sumBytes: number;
  readonly maps: readonly Value[];
  /** Where the result goes, if not into memory of its own: may be one of the maps. */
  readonly into?: Value | undefined;
}

/** Maps that a convolution reads, and what they are made of on the way. */
export interface Operand {
  readonly maps: Value;
  readonly made: DeferredMaps | undefined;
}

/** A convolution that is put off, so that what reads its result may be done on its way. */
export interface DeferredConvolution extends Deferred {
  readonly kind: "convolution";
  readonly shape: ConvolutionShape;
  /** What it reads. */
  readonly operand: Operand;
  /** Where its weights are, tap by tap. */
  readonly weights: Value;
  /** Adds what shall follow it. */
  readonly then?: (() => void) | undefined;
  /** With a projection, whose result is added to its own, that one's work is done too. */
  emit(work?: SinkWork, projection?: DeferredConvolution): void;
}

/** Of two gradients of the same maps, that which a convolution makes, if one does, and the convolution. */
export interface ConvolvedGradient {
  readonly gradient: Value;
  readonly convolution: DeferredConvolution;
  /** Brings the other gradient along; else that is {@link other}. */
  readonly projection?: DeferredConvolution;
  readonly other?: Value | undefined;
}

/** Whether a kernel for the one can do the other on its way. */
const canProject = ({ shape }: DeferredConvolution, projection: DeferredConvolution): boolean => {
  const { kernel, ...sizes } = projection.shape;
  return (
    kernel === 1 &&
    shape.kernel > 1 &&
    Object.entries(sizes).every(([key, value]) => shape[key as keyof ConvolutionShape] === value)
  );
};

/** Takes the convolutions that were put off and make some of one or two gradients; undefined where none does. */
export function takeConvolution(program: Program, gradients: readonly Value[]): ConvolvedGradient | undefined {
  const taken = gradients.flatMap((gradient, index) => {
    const convolution = program.takeDeferred<DeferredConvolution>(gradient, "convolution");
    return convolution ? [{ gradient, convolution, other: gradients[1 - index] }] : [];
  });
  const [one, two] = taken;
  if (one === undefined || two === undefined) return one;
  for (const [main, { convolution: projection }] of [
    [one, two],
    [two, one],
  ] as const) {
    if (canProject(main.convolution, projection))
      return { gradient: main.gradient, convolution: main.convolution, projection };
  }
  two.convolution.emit();
  return one;
}
