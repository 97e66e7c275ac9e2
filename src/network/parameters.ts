/** Which parameters every operation has, and how they start. */

import type { Random } from "../random.ts";
import { elements, type Tensor } from "../tensor.ts";
import { eachActivation } from "./activations.ts";
import { countFilters, type Harmonics } from "./harmonics.ts";
import { checkedInitialization, defaultInitialization, drawWeight, type Initialization } from "./initialization.ts";
import type { Operation } from "./layer.ts";
import type { Shape } from "./shape.ts";

/** `scale` and `shift` are normalisations', `power` is generalised-mean pooling's p; running statistics are stored with the weights but not trained. */
export type ParameterRole = "weight" | "bias" | "scale" | "shift" | "power" | "runningMean" | "runningVariance";

/** A parameter of a network: its name, role and shape. */
export interface ParameterSpec {
  /** The node's name, a dot and the role: `3.body.0.weight`. */
  readonly name: string;
  readonly role: ParameterRole;
  /** conv2d weight: [filters, channels / groups, height, width], or as {@link ParameterSpec.harmonics} says; dense weight: [units, features]; else one dimension. */
  readonly shape: readonly number[];
  readonly trainable: boolean;
  /** The L2 regularisation of the layer's weights: the loss gets l2 x the sum of their squares. Absent for none. */
  readonly l2?: number;
  /** The weight holds factors of these cosine filters, as [filters, channels / groups, cosine filters]. */
  readonly harmonics?: Harmonics;
  /** Inputs that one output sums over; 0 where that has no meaning. */
  readonly fanIn: number;
  /** How a weight begins, default `heNormal`. */
  readonly initialization?: Initialization;
  /** What every number of a scale or a power begins with, default 1. */
  readonly initial?: number;
}

type ParameterRule<O extends Operation> = (
  operation: O,
  inputs: readonly Shape[],
) => readonly (readonly [role: ParameterRole, shape: readonly number[], fanIn: number])[];

const none = () => [];

const scaleAndShift = ([channels]: Shape) =>
  (["scale", "shift"] as const).map((role) => [role, [channels!], 0] as const);

const rules: { readonly [K in Operation["kind"]]: ParameterRule<Extract<Operation, { kind: K }>> } = {
  normalize: none,
  luminance: none,
  conv2d: ({ filters, kernel, groups, bias, frequencies }, [input]) => {
    const window = frequencies === undefined ? kernel : [countFilters({ kernel, frequencies })];
    const shape = [filters, input![0]! / groups, ...window];
    const weight = ["weight", shape, elements(shape.slice(1))] as const;
    return bias ? [weight, ["bias", [filters], 0]] : [weight];
  },
  batchNorm: (_, [input]) => {
    const shape = [input![0]!];
    return (["scale", "shift", "runningMean", "runningVariance"] as const).map((role) => [role, shape, 0] as const);
  },
  layerNorm: (_, [input]) => scaleAndShift(input!),
  groupNorm: (_, [input]) => scaleAndShift(input!),
  layerScale: (_, [input]) => [["scale", [input![0]!], 0]],
  ...eachActivation(() => none),
  maxPool: none,
  averagePool: none,
  globalAveragePool: none,
  globalMaxPool: none,
  generalizedMeanPool: () => [["power", [1], 0]],
  blurPool: none,
  flatten: none,
  dense: ({ units, bias }, [input]) => {
    const weight = ["weight", [units, input![0]!], input![0]!] as const;
    return bias ? [weight, ["bias", [units], 0]] : [weight];
  },
  dropout: none,
  add: none,
  multiply: none,
  join: none,
};

function harmonicsOf(operation: Operation): Pick<ParameterSpec, "harmonics"> {
  if (operation.kind !== "conv2d" || operation.frequencies === undefined) return {};
  const { kernel, frequencies } = operation;
  return { harmonics: { kernel, frequencies } };
}
/** Generalised-mean pooling has a p that may stay as it is. */
const isTrained = (operation: Operation): boolean => operation.kind !== "generalizedMeanPool" || operation.learned;

/**
 * The parameters of one operation, in the order in which they are drawn.
 *
 * @param usual how weights begin where the operation does not say so
 */
export function parametersOf(
  name: string,
  operation: Operation,
  inputs: readonly Shape[],
  usual?: Initialization,
): readonly ParameterSpec[] {
  const own = "initialization" in operation ? operation.initialization : undefined;
  const initialization = own === undefined ? usual : checkedInitialization(own);
  return (rules[operation.kind] as ParameterRule<Operation>)(operation, inputs).map(([role, shape, fanIn]) => ({
    name: `${name}.${role}`,
    role,
    shape,
    trainable: isTrained(operation) && role !== "runningMean" && role !== "runningVariance",
    ...(role === "weight" && "l2" in operation && operation.l2 !== undefined && { l2: operation.l2 }),
    ...(role === "weight" && harmonicsOf(operation)),
    fanIn,
    ...(role === "weight" && initialization !== undefined && { initialization }),
    ...(operation.kind === "layerScale" && { initial: operation.initial }),
    ...(operation.kind === "generalizedMeanPool" && { initial: operation.p }),
    ...(role === "scale" && "initialScale" in operation && { initial: operation.initialScale }),
  }));
}

const constant = (value: number) => (data: Float32Array) => data.fill(value);

const initialisers: {
  readonly [R in ParameterRole]: (data: Float32Array, spec: ParameterSpec, random: Random) => void;
} = {
  weight: (data, spec, random) => drawWeight(data, spec, spec.initialization ?? defaultInitialization, random),
  bias: constant(0),
  scale: (data, { initial = 1 }) => data.fill(initial),
  shift: constant(0),
  power: (data, { initial = 1 }) => data.fill(initial),
  runningMean: constant(0),
  runningVariance: constant(1),
};

/** Fresh parameters for a network: the same `random` state gives the same values. */
export function initialParameters(
  parameters: readonly ParameterSpec[],
  random: Random,
): Map<string, Tensor<Float32Array>> {
  return new Map(
    parameters.map((spec) => {
      const data = new Float32Array(elements(spec.shape));
      initialisers[spec.role](data, spec, random);
      return [spec.name, { shape: spec.shape, data }];
    }),
  );
}

/** How many numbers training can change. */
export const countTrainable = (parameters: readonly ParameterSpec[]): number =>
  parameters.reduce((sum, spec) => sum + (spec.trainable ? elements(spec.shape) : 0), 0);
