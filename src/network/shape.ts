/** Output shapes of every operation, and the refusal of compositions that do not fit. */

import { NetworkError } from "../errors.ts";
import { elements } from "../tensor.ts";
import { valueInWords } from "../text/value-in-words.ts";
import { checkActivation, eachActivation } from "./activations.ts";
import type { Activation, HeightWidth, Operation } from "./layer.ts";

/** Without the batch: [channels, height, width] for feature maps, [features] for vectors. */
export type Shape = readonly number[];

/** A shape as text, such as `3x128x128`. */
export const formatShape = (shape: Shape): string => shape.join("x");

type ShapeRule<O extends Operation> = (operation: O, inputs: readonly Shape[]) => Shape;

const refuse = (message: string): never => {
  throw new NetworkError(message);
};

const isPositiveInteger = (value: number): boolean => Number.isInteger(value) && value > 0;

const featureMaps = (kind: string, shape: Shape): readonly [number, number, number] =>
  shape.length === 3
    ? (shape as readonly [number, number, number])
    : refuse(`${kind}: expected feature maps (channels x height x width), got ${formatShape(shape)}`);

/** Why no padding is the same on both sides of a map, and what to do. */
export const evenKernel = (kernel: HeightWidth): string =>
  `padding "same" needs odd kernels, as it is the same on both sides, and the kernel is ${kernel.join("x")}; ` +
  "take an odd kernel, or give the padding as a number, such as 0";

/** A layer that was written without its function may lack what the function fills in. */
function refuseIncomplete(kind: string, lists: Readonly<Record<string, unknown>>, expected: string): void {
  for (const [field, list] of Object.entries(lists)) {
    if (!Array.isArray(list)) {
      refuse(
        `${kind}: ${field}: expected ${expected}, got ${valueInWords(list)}; write the layer by ${kind}(...), or read it by parseNetwork`,
      );
    }
  }
}

const windowed = (
  kind: string,
  {
    kernel,
    stride,
    padding,
  }: { readonly kernel: HeightWidth; readonly stride: HeightWidth; readonly padding: HeightWidth },
  height: number,
  width: number,
): HeightWidth => {
  refuseIncomplete(kind, { kernel, stride, padding }, "[height, width]");
  for (const [name, values] of Object.entries({ kernel, stride })) {
    if (!values.every(isPositiveInteger)) refuse(`${kind}: expected a positive whole ${name}, got ${values.join("x")}`);
  }
  if (kernel.some((length, axis) => length % 2 === 0 && padding[axis] === (length - 1) / 2)) {
    refuse(`${kind}: ${evenKernel(kernel)}`);
  }
  if (!padding.every((value) => Number.isInteger(value) && value >= 0)) {
    refuse(`${kind}: expected a whole padding of at least 0, got ${padding.join("x")}`);
  }
  const size = (extent: number, axis: 0 | 1) =>
    Math.floor((extent + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1;
  const out: HeightWidth = [size(height, 0), size(width, 1)];
  return out.every((value) => value > 0)
    ? out
    : refuse(
        `${kind}: a ${kernel.join("x")} kernel with padding ${padding.join("x")} does not fit ${height}x${width}; ` +
          "take larger images or a smaller kernel",
      );
};

const pooled = (
  kind: string,
  operation: { readonly kernel: HeightWidth; readonly stride: HeightWidth; readonly padding: HeightWidth },
  shape: Shape,
): Shape => {
  const [channels, height, width] = featureMaps(kind, shape);
  const { kernel, padding } = operation;
  if (padding[0] * 2 > kernel[0] || padding[1] * 2 > kernel[1]) {
    refuse(`${kind}: padding ${padding.join("x")} is more than half of the ${kernel.join("x")} kernel`);
  }
  return [channels, ...windowed(kind, operation, height, width)];
};

const rules: { readonly [K in Operation["kind"]]: ShapeRule<Extract<Operation, { kind: K }>> } = {
  normalize: ({ mean, standardDeviation }, [input]) => {
    const [channels] = featureMaps("normalize", input!);
    refuseIncomplete("normalize", { mean, standardDeviation }, "a list of numbers");
    if (mean.length !== channels || standardDeviation.length !== channels) {
      refuse(
        `normalize: expected ${channels} means and deviations, got ${mean.length} and ${standardDeviation.length}`,
      );
    }
    if (!standardDeviation.every((value) => value > 0)) refuse("normalize: standard deviations must be above 0");
    const factors = [...mean, ...standardDeviation, ...standardDeviation.map((value) => 1 / value)];
    if (!factors.every((value) => Number.isFinite(Math.fround(value)))) {
      refuse("normalize: means, standard deviations and their reciprocals must be finite in 32 bits");
    }
    return input!;
  },
  luminance: (_, [input]) => {
    const [, height, width] = featureMaps("luminance", input!);
    return [1, height, width];
  },
  conv2d: (operation, [input]) => {
    const { filters, groups } = operation;
    const [channels, height, width] = featureMaps("conv2d", input!);
    if (!isPositiveInteger(filters)) refuse(`conv2d: expected a positive whole number of filters, got ${filters}`);
    if (!isPositiveInteger(groups) || channels % groups !== 0 || filters % groups !== 0) {
      refuse(`conv2d: ${groups} groups do not divide ${channels} input channels and ${filters} filters`);
    }
    return [filters, ...windowed("conv2d", operation, height, width)];
  },
  batchNorm: (_, [input]) => input!,
  layerNorm: ({ epsilon }, [input]) => {
    if (!(epsilon > 0)) refuse(`layerNorm: expected an epsilon above 0, got ${epsilon}`);
    return input!;
  },
  groupNorm: ({ groups, epsilon }, [input]) => {
    const [channels] = input as readonly [number, ...number[]];
    if (!isPositiveInteger(groups) || channels % groups !== 0) {
      refuse(`groupNorm: ${groups} groups do not divide ${channels} channels`);
    }
    if (!(epsilon > 0)) refuse(`groupNorm: expected an epsilon above 0, got ${epsilon}`);
    return input!;
  },
  layerScale: ({ initial }, [input]) =>
    Number.isFinite(initial) ? input! : refuse(`layerScale: expected a finite initial factor, got ${initial}`),
  ...eachActivation(() => (layer: Activation, [input]: readonly Shape[]) => {
    checkActivation(layer);
    return input!;
  }),
  maxPool: (operation, [input]) => pooled("maxPool", operation, input!),
  averagePool: (operation, [input]) => pooled("averagePool", operation, input!),
  globalAveragePool: (_, [input]) => [featureMaps("globalAveragePool", input!)[0]],
  flatten: (_, [input]) => [elements(input!)],
  dense: ({ units }, [input]) => {
    if (!isPositiveInteger(units)) refuse(`dense: expected a positive whole number of units, got ${units}`);
    if (input!.length !== 1) refuse(`dense: expected a vector, got ${formatShape(input!)}; put flatten() before it`);
    return [units];
  },
  dropout: ({ rate, per }, [input]) =>
    rate >= 0 && rate < 1
      ? input!
      : refuse(`${per === "image" ? "stochasticDepth" : "dropout"}: expected a rate in [0, 1), got ${rate}`),
  add: (_, [body, shortcut]) =>
    formatShape(body!) === formatShape(shortcut!)
      ? body!
      : refuse(
          `residual: the body gives ${formatShape(body!)}, the shortcut ${formatShape(shortcut!)}; project the shortcut`,
        ),
  multiply: (_, [input, factors]) =>
    factors!.length === 1 && factors![0] === input![0]
      ? input!
      : refuse(`gate: expected one factor for each channel of ${formatShape(input!)}, got ${formatShape(factors!)}`),
  join: (_, branches) => {
    const [first, ...others] = branches;
    if (first === undefined) return refuse("concatenate: expected at least one branch");
    const extent = first.slice(1);
    const fits = (shape: Shape) => formatShape(shape.slice(1)) === formatShape(extent) && shape.length === first.length;
    if (!others.every(fits)) {
      const found = branches.map(formatShape).join(", ");
      refuse(`concatenate: the branches give ${found}; all must give maps of one size, or vectors`);
    }
    return [branches.reduce((sum, [channels]) => sum + channels!, 0), ...extent];
  },
};

function ruleOf(kind: Operation["kind"]): ShapeRule<Operation> {
  if (!Object.hasOwn(rules, kind))
    throw new NetworkError(`expected a layer of a known kind, got ${valueInWords(kind)}`);
  return rules[kind] as ShapeRule<Operation>;
}

/** The output shape of an operation; throws {@link NetworkError} where the inputs do not fit it. */
export const outputShape = (operation: Operation, inputs: readonly Shape[]): Shape =>
  ruleOf(operation.kind)(operation, inputs);
