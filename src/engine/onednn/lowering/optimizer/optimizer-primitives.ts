/** Optimizer updates as oneDNN primitives over pieces of the flat arrays. */
import { decayOf, type Optimizer } from "../../../optimizer.ts";
import type { PostOperation } from "../../library/descriptors.ts";
import type { Program } from "../../program/program.ts";
import { asFloats, type Value } from "../../program/value.ts";
import { partWatcher, sumMaker } from "./finite-sums.ts";
import { areFinite, type FlatArrays, type OptimizerUpdate } from "./optimizer-update.ts";
import { type Piece, piecesOf, type StepMaker, stepMaker } from "./pieces.ts";

/** The update of a kind of optimizer. */
interface Steps {
  /** Appends the update of a piece, whose decay is done. */
  add(piece: Piece): void;
  setScalars(learningRate: number, updates: number): void;
  /**
   * Which state is summed up with the weights, as one that is not finite may leave them finite. All other state makes its weight not finite at
   * once, but mean squares, of which a part is looked at with every update.
   */
  readonly summed?: number;
  readonly watched?: number;
}

type Builder<O extends Optimizer> = (optimizer: O, program: Program, step: StepMaker) => Steps;

const scalar = (program: Program) => program.host([1]);
const constant = (program: Program, value: number): Value => {
  const { value: place, array } = scalar(program);
  array[0] = value;
  return place;
};
const sum = (scale: number): PostOperation => ({ kind: "sum", scale });
const scaled = (scale: number): PostOperation => ({ kind: "linear", scale, shift: 0 });
const bounded = (limit: number): PostOperation => ({
  kind: "elementwise",
  algorithm: "clip",
  alpha: -limit,
  beta: limit,
});
const plus = (shift: number): PostOperation => ({ kind: "linear", scale: 1, shift });

const adam: Builder<Extract<Optimizer, { kind: "adam" | "adamW" }>> = ({ beta1, beta2, epsilon }, program, step) => {
  const meanShare = constant(program, 1 - beta1);
  const squareCorrection = scalar(program);
  const rate = scalar(program);
  const scaleByRate: PostOperation = { kind: "binary", algorithm: "multiply", operand: rate.value.descriptor };
  return {
    watched: 1,
    add(piece) {
      const { descriptor, weights, gradients, slots } = piece;
      const [mean, meanSquare] = slots as readonly [Value, Value];
      // mean = beta1 mean + (1 - beta1) g
      step("mean", piece, "multiply", [gradients, meanShare, mean], [sum(beta1)]);
      // meanSquare = beta2 meanSquare + (1 - beta2) g^2
      step("mean square", piece, "multiply", [gradients, gradients, meanSquare], [scaled(1 - beta2), sum(beta2)]);
      // root = sqrt(meanSquare / (1 - beta2^t)) + epsilon
      const root = program.value(descriptor);
      step("root", piece, "multiply", [meanSquare, squareCorrection.value, root], [{ kind: "sqrt" }, plus(epsilon)]);
      // w -= rate / (1 - beta1^t) mean / root
      step("weights", piece, "divide", [mean, root, weights], [scaleByRate, sum(1)], [[0, rate.value]]);
    },
    setScalars(learningRate, updates) {
      squareCorrection.array[0] = 1 / (1 - beta2 ** (updates + 1));
      rate.array[0] = -learningRate / (1 - beta1 ** (updates + 1));
    },
  };
};

/** Times it twice, every number but 0 is beyond 1. */
const HUGE = 2 ** 126;

const builders: { readonly [K in Optimizer["kind"]]: Builder<Extract<Optimizer, { kind: K }>> } = {
  sgd: ({ momentum, nesterov }, program, step) => {
    const one = constant(program, 1);
    const ahead = constant(program, momentum);
    const rate = scalar(program);
    return {
      add(piece) {
        const { weights, gradients, slots } = piece;
        const velocity = slots[0]!;
        step("velocity", piece, "multiply", [gradients, one, velocity], [sum(momentum)]);
        if (nesterov) step("ahead", piece, "multiply", [velocity, ahead, gradients], [sum(1)]);
        step("weights", piece, "multiply", [nesterov ? gradients : velocity, rate.value, weights], [sum(1)]);
      },
      setScalars(learningRate) {
        rate.array[0] = -learningRate;
      },
    };
  },
  adam,
  adamW: adam,
  rmsProp: ({ rho, epsilon, momentum }, program, step) => {
    const one = constant(program, 1);
    const rate = scalar(program);
    return {
      watched: 0,
      add(piece) {
        const { descriptor, weights, gradients, slots } = piece;
        const [meanSquare, velocity] = slots as readonly [Value, Value];
        step("mean square", piece, "multiply", [gradients, gradients, meanSquare], [scaled(1 - rho), sum(rho)]);
        const root = program.value(descriptor);
        step("root", piece, "multiply", [meanSquare, one, root], [{ kind: "sqrt" }, plus(epsilon)]);
        step("velocity", piece, "divide", [gradients, root, velocity], [sum(momentum)]);
        step("weights", piece, "multiply", [velocity, rate.value, weights], [sum(1)]);
      },
      setScalars(learningRate) {
        rate.array[0] = -learningRate;
      },
    };
  },
  lion: ({ beta1, beta2 }, program, step) => {
    const [kept, share, nextShare] = [beta1, 1 - beta1, 1 - beta2].map((value) => constant(program, value));
    const rate = scalar(program);
    const sign: readonly PostOperation[] = [scaled(HUGE), scaled(HUGE), bounded(1)];
    return {
      summed: 0,
      add(piece) {
        const { descriptor, weights, gradients, slots } = piece;
        const mean = slots[0]!;
        const direction = program.value(descriptor);
        step("kept mean", piece, "multiply", [mean, kept!, direction]);
        step("direction", piece, "multiply", [gradients, share!, direction], [sum(1), ...sign]);
        step("mean", piece, "multiply", [gradients, nextShare!, mean], [sum(beta2)]);
        step("weights", piece, "multiply", [direction, rate.value, weights], [sum(1)]);
      },
      setScalars(learningRate) {
        rate.array[0] = -learningRate;
      },
    };
  },
};

/** Appends the decay of weights; the part of them that is kept is told before each update. */
function decayMaker(optimizer: Optimizer, program: Program, step: StepMaker) {
  const kept = scalar(program);
  const { coupled, decoupled } = decayOf(optimizer);
  return {
    add(piece: Piece) {
      const { decays, l2, weights, gradients } = piece;
      const added = (decays ? coupled : 0) + 2 * l2;
      if (decays && decoupled !== 0) step("shrinking", piece, "multiply", [weights, kept.value, weights]);
      if (added === 0) return;
      const factor = program.once(`decay by ${added}`, () => constant(program, added));
      step("decay", piece, "multiply", [weights, factor, gradients], [sum(1)]);
    },
    setScalars(learningRate: number) {
      kept.array[0] = 1 - learningRate * decoupled;
    },
  };
}

/** Appends the clipping of gradients; the piece that it gives has the clipped ones. */
function clippingMaker({ clipValue, clipNorm }: Optimizer, program: Program, step: StepMaker) {
  const factor = scalar(program);
  const [one, zero] = [constant(program, 1), constant(program, 0)];
  return {
    add(piece: Piece): Piece {
      const { descriptor, gradients } = piece;
      if (clipNorm !== undefined) step("clipping", piece, "multiply", [gradients, factor.value, gradients]);
      if (clipValue === undefined) return piece;
      const clipped = program.value(descriptor);
      step("clipping", piece, "multiply", [gradients, one, clipped], [bounded(clipValue)]);
      // Times 0, a gradient that is not finite is no number, which clipping must not hide.
      step("clipping residue", piece, "multiply", [gradients, zero, clipped], [sum(1)]);
      return { ...piece, gradients: clipped };
    },
    setScale(scale: number) {
      factor.array[0] = scale;
    },
  };
}

/** Appends one update by oneDNN's primitives, which serve every optimizer. */
export function addOptimizerPrimitives(optimizer: Optimizer, program: Program, arrays: FlatArrays): OptimizerUpdate {
  const step = stepMaker(program);
  const clipping = clippingMaker(optimizer, program, step);
  const decay = decayMaker(optimizer, program, step);
  const { summed, watched, ...steps } = (builders[optimizer.kind] as Builder<Optimizer>)(optimizer, program, step);
  const pieces = [...piecesOf(program, arrays)];
  const { sums, addSum } = sumMaker(program, pieces.length * (summed === undefined ? 1 : 2));
  const isPartFinite = watched === undefined ? () => true : partWatcher(asFloats(arrays.slots[watched]!));
  for (const whole of pieces) {
    const piece = clipping.add(whole);
    decay.add(piece);
    steps.add(piece);
    addSum(piece.weights);
    if (summed !== undefined) addSum(piece.slots[summed]!);
  }
  return {
    isFinite: () => areFinite(sums) && isPartFinite(),
    setScalars(learningRate, updates, scale) {
      clipping.setScale(scale);
      decay.setScalars(learningRate);
      steps.setScalars(learningRate, updates);
    },
  };
}
