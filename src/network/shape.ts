/** Output shapes of every operation, and the refusal of compositions that do not fit. */

import { NetworkError } from "../errors.ts";
import { elements } from "../tensor.ts";
import { valueInWords } from "../text/value-in-words.ts";
import { checkActivation, eachActivation } from "./activations.ts";
import { checkFrequencies } from "./harmonics.ts";
import type { Activation, HeightWidth, Operation } from "./layer.ts";
import { blurWindow } from "./pooling.ts";
import { featureMaps, formatShape, isPositiveInteger, refuse, refuseIncomplete, type Shape } from "./shape-checks.ts";
import { type Resolved, reachOf, type Window } from "./windows.ts";

export { formatShape, type Shape } from "./shape-checks.ts";

type ShapeRule<O extends Operation> = (operation: O, inputs: readonly Shape[]) => Shape;

/** Rows and columns of a window's outputs: as many as fit into the padded maps. */
const windowed = (kind: string, { kernel, stride, padding, dilation }: Resolved<Window>, shape: Shape): HeightWidth => {
  const [, ...size] = featureMaps(kind, shape);
  const along = (axis: 0 | 1) =>
    Math.floor(
      (size[axis] + padding[axis] + padding[axis + 2]! - reachOf(kernel[axis], dilation[axis])) / stride[axis],
    ) + 1;
  return [along(0), along(1)];
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
    const [channels] = featureMaps("conv2d", input!);
    if (!isPositiveInteger(filters)) refuse(`conv2d: expected a positive whole number of filters, got ${filters}`);
    if (!isPositiveInteger(groups) || channels % groups !== 0 || filters % groups !== 0) {
      refuse(`conv2d: ${groups} groups do not divide ${channels} input channels and ${filters} filters`);
    }
    if (operation.frequencies !== undefined) checkFrequencies({ ...operation, frequencies: operation.frequencies });
    return [filters, ...windowed("conv2d", operation, input!)];
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
  maxPool: (operation, [input]) => [input![0]!, ...windowed("maxPool", operation, input!)],
  averagePool: (operation, [input]) => [input![0]!, ...windowed("averagePool", operation, input!)],
  globalAveragePool: (_, [input]) => [featureMaps("globalAveragePool", input!)[0]],
  globalMaxPool: (_, [input]) => [featureMaps("globalMaxPool", input!)[0]],
  generalizedMeanPool: ({ p, epsilon }, [input]) => {
    const [channels] = featureMaps("generalizedMeanPool", input!);
    if (!(p >= 1 && p <= 100)) refuse(`generalizedMeanPool: expected p from 1 to 100, got ${p}`);
    if (!(epsilon > 0 && epsilon <= 1)) {
      refuse(`generalizedMeanPool: expected an epsilon above 0 and at most 1, got ${epsilon}`);
    }
    return [channels];
  },
  blurPool: (operation, [input]) => {
    const [channels] = featureMaps("blurPool", input!);
    const { kernel, stride } = operation;
    if (!Number.isInteger(kernel) || kernel < 2 || kernel > 7) {
      refuse(`blurPool: expected a filter of 2 to 7 values along each axis, got ${kernel}`);
    }
    refuseIncomplete("blurPool", { stride }, "[height, width]");
    if (!stride.every(isPositiveInteger)) refuse(`blurPool: expected a positive whole stride, got ${stride.join("x")}`);
    return [channels, ...windowed("blurPool", blurWindow(operation), input!)];
  },
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
    factorsAre(input!, factors!) !== undefined
      ? input!
      : refuse(
          `gate: expected one factor for each channel, place or value of ${formatShape(input!)}, got ${formatShape(factors!)}`,
        ),
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

/** What a gate's factors are of: each channel of the input, each place of its maps, or each value; undefined where they do not fit it. */
export function factorsAre(input: Shape, factors: Shape): "channel" | "place" | "value" | undefined {
  const [channels, ...extent] = input;
  const given = formatShape(factors);
  const are = (...shape: readonly number[]) => given === formatShape(shape);
  if (are(channels!) || are(channels!, ...extent.map(() => 1))) return "channel";
  if (extent.length === 0) return undefined;
  if (are(...input)) return "value";
  return are(1, ...extent) ? "place" : undefined;
}

/** The output shape of an operation; throws {@link NetworkError} where the inputs do not fit it. */
export const outputShape = (operation: Operation, inputs: readonly Shape[]): Shape =>
  ruleOf(operation.kind)(operation, inputs);
