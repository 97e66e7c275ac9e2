/** Optimizer updates as oneDNN primitives over pieces of the flat arrays. */
import type { Optimizer } from "../../../optimizer.ts";
import type { PostOperation } from "../../library/descriptors.ts";
import type { Program } from "../../program/program.ts";
import { asFloats, type Value } from "../../program/value.ts";
import { partWatcher, sumMaker } from "./finite-sums.ts";
import { areFinite, type FlatArrays, type OptimizerUpdate } from "./optimizer-update.ts";
import { piecesOf, stepMaker } from "./pieces.ts";

type Builder<O extends Optimizer> = (optimizer: O, program: Program, arrays: FlatArrays) => OptimizerUpdate;

const scalar = (program: Program) => program.host([1]);
const sum = (scale: number): PostOperation => ({ kind: "sum", scale });

function buildAdam(
  { beta1, beta2, epsilon, weightDecay }: Extract<Optimizer, { kind: "adam" | "adamW" }>,
  decoupled: boolean,
  program: Program,
  arrays: FlatArrays,
): OptimizerUpdate {
  const step = stepMaker(program);
  const decay = scalar(program);
  const meanShare = scalar(program);
  const squareCorrection = scalar(program);
  const rate = scalar(program);
  meanShare.array[0] = 1 - beta1;
  const scaleByRate: PostOperation = { kind: "binary", algorithm: "multiply", operand: rate.value.descriptor };
  const pieces = [...piecesOf(program, arrays)];
  const { sums, addSum } = sumMaker(program, pieces);
  const isPartFinite = partWatcher(asFloats(arrays.slots[1]!));
  for (const [index, piece] of pieces.entries()) {
    const { descriptor, decays, weights, gradients, slots } = piece;
    const [mean, meanSquare] = slots as readonly [Value, Value];
    if (decays && weightDecay !== 0) {
      if (decoupled) step("decay", piece, "multiply", [weights, decay.value, weights]);
      else step("decay", piece, "multiply", [weights, decay.value, gradients], [sum(1)]);
    }
    // mean = beta1 mean + (1 - beta1) g
    step("mean", piece, "multiply", [gradients, meanShare.value, mean], [sum(beta1)]);
    // meanSquare = beta2 meanSquare + (1 - beta2) g^2
    const share: PostOperation = { kind: "linear", scale: 1 - beta2, shift: 0 };
    step("mean square", piece, "multiply", [gradients, gradients, meanSquare], [share, sum(beta2)]);
    // root = sqrt(meanSquare / (1 - beta2^t)) + epsilon
    const root = program.value(descriptor);
    const addEpsilon: PostOperation = { kind: "linear", scale: 1, shift: epsilon };
    step("root", piece, "multiply", [meanSquare, squareCorrection.value, root], [{ kind: "sqrt" }, addEpsilon]);
    // w -= rate / (1 - beta1^t) mean / root
    step("weights", piece, "divide", [mean, root, weights], [scaleByRate, sum(1)], [[0, rate.value]]);
    // A gradient or a mean that is not finite makes its weight so at once.
    addSum(index);
  }
  return {
    isFinite: () => areFinite(sums) && isPartFinite(),
    setScalars(learningRate, updates) {
      decay.array[0] = decoupled ? 1 - learningRate * weightDecay : weightDecay;
      squareCorrection.array[0] = 1 / (1 - beta2 ** (updates + 1));
      rate.array[0] = -learningRate / (1 - beta1 ** (updates + 1));
    },
  };
}

const builders: { readonly [K in Optimizer["kind"]]: Builder<Extract<Optimizer, { kind: K }>> } = {
  sgd: ({ momentum, weightDecay }, program, arrays) => {
    const step = stepMaker(program);
    const decay = scalar(program);
    const one = scalar(program);
    const rate = scalar(program);
    decay.array[0] = weightDecay;
    one.array[0] = 1;
    const pieces = [...piecesOf(program, arrays)];
    const { sums, addSum } = sumMaker(program, pieces);
    for (const [index, piece] of pieces.entries()) {
      const { decays, weights, gradients, slots } = piece;
      const velocity = slots[0]!;
      if (decays && weightDecay !== 0) step("decay", piece, "multiply", [weights, decay.value, gradients], [sum(1)]);
      step("velocity", piece, "multiply", [gradients, one.value, velocity], [sum(momentum)]);
      step("weights", piece, "multiply", [velocity, rate.value, weights], [sum(1)]);
      // A gradient or a velocity that is not finite makes its weight so at once.
      addSum(index);
    }
    return {
      isFinite: () => areFinite(sums),
      setScalars(learningRate) {
        rate.array[0] = -learningRate;
      },
    };
  },
  adam: (optimizer, program, arrays) => buildAdam(optimizer, false, program, arrays),
  adamW: (optimizer, program, arrays) => buildAdam(optimizer, true, program, arrays),
};

/** Appends one update by oneDNN's primitives, which serve every optimizer. */
export const addOptimizerPrimitives = (optimizer: Optimizer, program: Program, arrays: FlatArrays): OptimizerUpdate =>
  (builders[optimizer.kind] as Builder<Optimizer>)(optimizer, program, arrays);
