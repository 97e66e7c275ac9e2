/** One update of one parameter, for every optimizer. */
import type { ParameterSpec } from "../../network/parameters.ts";
import { clippingScale, decayOf, type GradientOptions, type Optimizer, optimizerSlots } from "../optimizer.ts";

/** What one update reads and changes: the values and the state are overwritten. */
export interface Update {
  readonly values: Float64Array;
  readonly gradient: Float64Array;
  /** In the order of {@link optimizerSlots}. */
  readonly state: readonly Float64Array[];
  readonly rate: number;
  /** Whether the optimizer's weight decay applies. */
  readonly decays: boolean;
  /** This update's number, from 1. */
  readonly count: number;
}

/** @param decay times the weight, is added to its gradient */
type UpdateRule<O extends Optimizer> = (optimizer: O, update: Update, decay: number) => void;

const rules: { readonly [K in Optimizer["kind"]]: UpdateRule<Extract<Optimizer, { kind: K }>> } = {
  sgd: ({ momentum, nesterov }, { values, gradient, state, rate }, decay) => {
    const velocity = state[0]!;
    for (let i = 0; i < values.length; i++) {
      velocity[i] = momentum * velocity[i]! + gradient[i]! + decay * values[i]!;
      const ahead = nesterov ? gradient[i]! + decay * values[i]! + momentum * velocity[i]! : velocity[i]!;
      values[i]! -= rate * ahead;
    }
  },
  adam: adamUpdate,
  adamW: adamUpdate,
  rmsProp: ({ rho, epsilon, momentum }, { values, gradient, state, rate }, decay) => {
    const [meanSquare, velocity] = state as readonly [Float64Array, Float64Array];
    for (let i = 0; i < values.length; i++) {
      const slope = gradient[i]! + decay * values[i]!;
      meanSquare[i] = rho * meanSquare[i]! + (1 - rho) * slope * slope;
      velocity[i] = momentum * velocity[i]! + slope / (Math.sqrt(meanSquare[i]!) + epsilon);
      values[i]! -= rate * velocity[i]!;
    }
  },
  lion: ({ beta1, beta2 }, { values, gradient, state, rate }) => {
    const mean = state[0]!;
    for (let i = 0; i < values.length; i++) {
      values[i]! -= rate * Math.sign(beta1 * mean[i]! + (1 - beta1) * gradient[i]!);
      mean[i] = beta2 * mean[i]! + (1 - beta2) * gradient[i]!;
    }
  },
};

function adamUpdate(
  { beta1, beta2, epsilon }: { readonly beta1: number; readonly beta2: number; readonly epsilon: number },
  { values, gradient, state, rate, count }: Update,
  decay: number,
): void {
  const [mean, meanSquare] = state as readonly [Float64Array, Float64Array];
  const meanCorrection = 1 - beta1 ** count;
  const squareCorrection = 1 - beta2 ** count;
  for (let i = 0; i < values.length; i++) {
    const slope = gradient[i]! + decay * values[i]!;
    mean[i] = beta1 * mean[i]! + (1 - beta1) * slope;
    meanSquare[i] = beta2 * meanSquare[i]! + (1 - beta2) * slope * slope;
    values[i]! -= (rate * mean[i]!) / meanCorrection / (Math.sqrt(meanSquare[i]! / squareCorrection) + epsilon);
  }
}

/** State of zeros for one parameter, in the order of {@link optimizerSlots}. */
export const freshState = (optimizer: Optimizer, length: number): readonly Float64Array[] =>
  optimizerSlots[optimizer.kind].map(() => new Float64Array(length));

/** Updates one parameter and its state in place. */
export function applyUpdate(optimizer: Optimizer, update: Update): void {
  const { coupled, decoupled } = update.decays ? decayOf(optimizer) : { coupled: 0, decoupled: 0 };
  const kept = 1 - update.rate * decoupled;
  for (let i = 0; i < update.values.length; i++) update.values[i]! *= kept;
  (rules[optimizer.kind] as UpdateRule<Optimizer>)(optimizer, update, coupled);
}

/** A parameter with its gradient. */
export interface ParameterGradient {
  readonly spec: ParameterSpec;
  readonly values: Float64Array;
  readonly gradient: Float64Array;
}

/** The gradients as an optimizer has them: centralised where it says so, with L2's part, and clipped. */
export function preparedGradients(
  { centralize, clipValue, clipNorm }: GradientOptions,
  parameters: readonly ParameterGradient[],
): readonly Float64Array[] {
  const gradients = parameters.map(({ spec: { role, shape, l2 = 0 }, values, gradient }) => {
    const own = centralize && role === "weight" ? centralized(gradient, shape[0]!) : gradient;
    return l2 === 0 ? own : own.map((slope, i) => slope + 2 * l2 * values[i]!);
  });
  if (clipValue !== undefined) return gradients.map((gradient) => gradient.map((slope) => clipped(slope, clipValue)));
  if (clipNorm === undefined) return gradients;
  const scale = clippingScale(normOf(gradients), clipNorm);
  return gradients.map((gradient) => gradient.map((slope) => slope * scale));
}

/** One that is not finite is not hidden. */
const clipped = (slope: number, limit: number): number =>
  Number.isFinite(slope) ? Math.max(-limit, Math.min(limit, slope)) : Number.NaN;

function centralized(gradient: Float64Array, filters: number): Float64Array {
  const length = gradient.length / filters;
  const means = Array.from({ length: filters }, (_, filter) => {
    const own = gradient.subarray(filter * length, (filter + 1) * length);
    return own.reduce((sum, slope) => sum + slope, 0) / length;
  });
  return gradient.map((slope, i) => slope - means[Math.floor(i / length)]!);
}

/** The Euclidean norm of all numbers together. */
export const normOf = (arrays: readonly Float64Array[]): number =>
  Math.sqrt(arrays.reduce((total, array) => array.reduce((sum, value) => sum + value * value, total), 0));
