/** Convolutions on AMX's tiles by kernels of our own, together with the batch normalisation before and after them. */

import {
  type ConvolutionSink,
  type ConvolutionSource,
  convolutionArguments,
  convolutionKernel,
  workspaceBytes,
} from "../../../x64/kernels/amx-convolution/convolution-kernel.ts";
import { type ConvolutionShape, servesConvolution, tapOrder } from "../../../x64/kernels/amx-convolution/geometry.ts";
import { packedBytes, packTasks, packWeightsKernel } from "../../../x64/kernels/amx-convolution/pack-weights.ts";
import { bytesPerElement } from "../../library/constants.ts";
import type { Deferred } from "../../program/deferred-work.ts";
import type { Parameter } from "../../program/parameter-store.ts";
import type { Program } from "../../program/program.ts";
import type { Value } from "../../program/value.ts";
import type { LoweringContext } from "../lowering-rule.ts";
import { tapMajor } from "./amx-weight-gradient.ts";

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

/** Maps that a convolution reads, and what they are made of on the way. */
interface Operand {
  readonly maps: Value;
  readonly made: DeferredMaps | undefined;
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

export interface AmxConvolution {
  /** The result, channels last; its instructions are put off so that a normalisation can join them. */
  forward(input: Value): Value;
  /** The gradient of the input, likewise. `then` adds what shall follow it. */
  backwardData(gradient: Value, then: () => void): Value;
}

/** Dimensions as oneDNN has them. */
interface ConvolutionLayer {
  readonly input: readonly number[];
  readonly weights: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
}

/** Undefined where oneDNN must do it. */
export function amxConvolution(
  { program, type, batch }: LoweringContext,
  name: string,
  { input, weights: [filters, channels, ...kernel], stride, padding }: ConvolutionLayer,
  { value: weights }: Parameter,
): AmxConvolution | undefined {
  const [, , height, width] = input as readonly [number, number, number, number];
  const { runtime } = program;
  const [size, step] = [kernel[0]!, stride[0]!];
  const layer = { kernel: size, stride: step === 2 ? 2 : 1 } as const;
  const forward = { ...layer, channels: channels!, filters: filters!, height, width, direction: "forward" } as const;
  const backward = {
    ...layer,
    channels: filters!,
    filters: channels!,
    height: height / step,
    width: width / step,
    direction: "backward",
  } as const;
  const isServed =
    runtime.mapKernels !== undefined &&
    type === "bf16" &&
    kernel.length === 2 &&
    kernel[1] === size &&
    stride.every((each) => each === layer.stride) &&
    padding.every((border) => 2 * border === size - 1) &&
    servesConvolution(forward) &&
    servesConvolution(backward);
  if (!isServed) return undefined;

  const plainLayout = tapMajor(program, [filters!, channels!, size, size]);
  const convolve = (shape: ConvolutionShape, resultShape: ConvolutionShape, from: Value, then?: () => void): Value => {
    const dimensionsOf = (of: ConvolutionShape) => [batch, of.channels, of.height, of.width];
    const bytesOf = (of: ConvolutionShape) => of.channels * of.height * of.width * bytesPerElement[type];
    const maps = program.convert(name, from, program.channelsLast(dimensionsOf(shape), type));
    const made = program.takeDeferred<DeferredMaps>(maps, "maps");
    const output = program.value(program.channelsLast(dimensionsOf(resultShape), type));
    const plain = program.convert(`${name}.weight`, weights, plainLayout);
    const emit = (work?: SinkWork, projection?: DeferredConvolution) => {
      const whole = projection ? { ...shape, projected: true } : shape;
      const workspace = threadMemory(program, whole);
      const packedSizes = [forward, ...(projection ? [{ ...forward, kernel: 1 }] : [])].map(packedBytes);
      const packed = program.value(program.rowMajor([packedSizes.reduce((sum, bytes) => sum + bytes)], "u8"));
      program.addKernel(
        `${name}.weight pack`,
        packWeightsKernel(filters!, shape.direction),
        { reads: [plain, ...(projection ? [projection.weights] : [])], writes: [packed] },
        (locate) => {
          const further = projection && locate(projection.weights);
          return packTasks(forward, shape.direction, tapOrder(whole), locate(plain), locate(packed), further);
        },
      );
      const operands = [{ maps, made }, ...(projection ? [projection.operand] : [])];
      const result = work?.into ?? output;
      const sinkMaps = [result, ...(work?.maps ?? [])];
      const reads = [...operands.flatMap(readBy), packed, ...(work?.maps ?? [])];
      const writes = [
        ...operands.flatMap((operand) => (operand.made ? [operand.maps] : [])),
        result,
        ...(work ? [work.sums] : []),
      ];
      program.addKernel(
        `${name} ${shape.direction === "forward" ? "forward" : "backward data"}`,
        convolutionKernel(
          whole,
          sourceOf(made),
          work?.sink ?? { kind: "plain" },
          projection && sourceOf(projection.operand.made),
        ),
        { reads: work ? [...reads, work.coefficients] : reads, writes },
        (locate) =>
          Array.from({ length: batch }, (_, task) => {
            const [source, further] = operands.map((operand) => ({
              coefficients: operand.made ? locate(operand.made.coefficients) : 0,
              sums: 0,
              maps: [...(operand.made?.maps ?? []), operand.maps].map((map) => locate(map, task * bytesOf(shape))),
            }));
            return convolutionArguments({
              workspace: locate(workspace),
              weights: locate(packed),
              source: source!,
              projection: further,
              sink: {
                coefficients: work ? locate(work.coefficients) : 0,
                sums: work ? locate(work.sums, task * work.sumBytes) : 0,
                maps: sinkMaps.map((map) => locate(map, task * bytesOf(resultShape))),
              },
            });
          }),
      );
      then?.();
      projection?.then?.();
    };
    const deferred: DeferredConvolution = {
      kind: "convolution",
      reads: made?.maps ?? [maps],
      shape,
      operand: { maps, made },
      weights: plain,
      then,
      emit,
    };
    program.defer(made ? [maps, output] : [output], deferred);
    return output;
  };

  return {
    forward: (value) => convolve(forward, backward, value),
    backwardData: (gradient, then) => convolve(backward, forward, gradient, then),
  };
}

const sourceOf = (made: DeferredMaps | undefined): ConvolutionSource => made?.source ?? { kind: "maps" };

const readBy = ({ maps, made }: Operand): readonly Value[] => (made ? [...made.maps, made.coefficients] : [maps]);

/** Memory of each thread's own: the same for all convolutions of a shape. */
function threadMemory(program: Program, shape: ConvolutionShape) {
  return program.once(`AMX convolution ${Object.values(shape).join(" ")}`, () => {
    const bytes = program.runtime.description.threads * workspaceBytes(shape);
    return program.persistent(program.rowMajor([bytes], "u8"));
  });
}
