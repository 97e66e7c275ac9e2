/** One update of one parameter, for every optimizer. */
import { type Optimizer, optimizerSlots } from "../optimizer.ts";

/** What one update reads and changes: the values and the state are overwritten. */
export interface Update {
  readonly values: Float64Array;
  readonly gradient: Float64Array;
  /** In the order of {@link optimizerSlots}. */
  readonly state: readonly Float64Array[];
  readonly rate: number;
  /** 0 for parameters that do not decay. */
  readonly weightDecay: number;
  /** This update's number, from 1. */
  readonly count: number;
}

type UpdateRule<O extends Optimizer> = (optimizer: O, update: Update) => void;

const rules: { readonly [K in Optimizer["kind"]]: UpdateRule<Extract<Optimizer, { kind: K }>> } = {
  sgd: ({ momentum }, { values, gradient, state, rate, weightDecay }) => {
    const velocity = state[0]!;
    for (let i = 0; i < values.length; i++) {
      velocity[i] = momentum * velocity[i]! + gradient[i]! + weightDecay * values[i]!;
      values[i]! -= rate * velocity[i]!;
    }
  },
  adam: (optimizer, update) => adamUpdate(optimizer, update, update.weightDecay),
  adamW: (optimizer, update) => {
    const kept = 1 - update.rate * update.weightDecay;
    for (let i = 0; i < update.values.length; i++) update.values[i]! *= kept;
    adamUpdate(optimizer, update, 0);
  },
};

function adamUpdate(
  { beta1, beta2, epsilon }: { readonly beta1: number; readonly beta2: number; readonly epsilon: number },
  { values, gradient, state, rate, count }: Update,
  weightDecay: number,
): void {
  const [mean, meanSquare] = state as readonly [Float64Array, Float64Array];
  const meanCorrection = 1 - beta1 ** count;
  const squareCorrection = 1 - beta2 ** count;
  for (let i = 0; i < values.length; i++) {
    const slope = gradient[i]! + weightDecay * values[i]!;
    mean[i] = beta1 * mean[i]! + (1 - beta1) * slope;
    meanSquare[i] = beta2 * meanSquare[i]! + (1 - beta2) * slope * slope;
    values[i]! -= (rate * mean[i]!) / meanCorrection / (Math.sqrt(meanSquare[i]! / squareCorrection) + epsilon);
  }
}

/** State of zeros for one parameter, in the order of {@link optimizerSlots}. */
export const freshState = (optimizer: Optimizer, length: number): readonly Float64Array[] =>
  optimizerSlots[optimizer.kind].map(() => new Float64Array(length));

/** Updates one parameter and its state in place. */
export const applyUpdate = (optimizer: Optimizer, update: Update): void =>
  (rules[optimizer.kind] as UpdateRule<Optimizer>)(optimizer, update);
