/** Optimizer updates over the flat parameter array: by a kernel of our own where it can, else as oneDNN primitives over pieces that stay in the cache. */
import type { Optimizer } from "../../../optimizer.ts";
import { type BinaryAlgorithm, bytesPerElement } from "../../library/constants.ts";
import type { MemoryDescriptor, PostOperation, PrimitiveDescriptor } from "../../library/descriptors.ts";
import type { Program } from "../../program/program.ts";
import { asFloats, type Value } from "../../program/value.ts";
import { addOptimizerKernel } from "../kernels/optimizer.ts";
import { areFinite, type FlatArrays, type OptimizerUpdate } from "./optimizer-update.ts";

// Five float32 arrays of this many elements fit a core's second-level cache.
const PIECE = 1 << 16;

interface Piece {
  readonly descriptor: MemoryDescriptor;
  readonly decays: boolean;
  readonly weights: Value;
  readonly gradients: Value;
  readonly slots: readonly Value[];
}

function* piecesOf(program: Program, arrays: FlatArrays): Generator<Piece> {
  const descriptors = new Map<number, MemoryDescriptor>();
  const { decayed, trained } = arrays;
  for (const region of [decayed, { from: decayed.to, to: trained.to }]) {
    for (let from = region.from; from < region.to; from += PIECE) {
      const length = Math.min(PIECE, region.to - from);
      const descriptor = descriptors.get(length) ?? program.rowMajor([length], "f32");
      descriptors.set(length, descriptor);
      const piece = (array: Uint8Array) =>
        program.persistent(descriptor, array.subarray(from * 4, (from + length) * 4));
      yield {
        descriptor,
        decays: region === decayed,
        weights: piece(arrays.weights),
        gradients: piece(arrays.gradients),
        slots: arrays.slots.map(piece),
      };
    }
  }
}

/** destination = post(first (algorithm) second); one compiled primitive per kind of step and length. */
function stepMaker(program: Program) {
  const made = new Map<string, PrimitiveDescriptor>();
  return (
    name: string,
    { descriptor }: Piece,
    algorithm: BinaryAlgorithm,
    [first, second, destination]: readonly [Value, Value, Value],
    post: readonly PostOperation[] = [],
    operands: readonly (readonly [number, Value])[] = [],
  ) => {
    const key = `${name} ${descriptor.dimensions[0]}`;
    const primitive =
      made.get(key) ?? program.descriptors.binary(algorithm, descriptor, second.descriptor, descriptor, post);
    made.set(key, primitive);
    program.add(`optimizer ${name}`, primitive, { source: first, source1: second, destination }, operands);
  };
}

/** Floats of a register of the widest processors, and how many registers are summed up side by side. */
const LANES = 16;
const REGISTERS = 8;

/**
 * Appends sums of the weights of every piece, which oneDNN makes fastest as a mean over the height of maps of so many channels.
 *
 * @returns where the sums will be
 */
function sumMaker(program: Program, pieces: readonly Piece[]) {
  const sums = program.host([pieces.length, REGISTERS * LANES]);
  const made = new Map<number, PrimitiveDescriptor>();
  const addSum = (index: number) => {
    const { weights, descriptor } = pieces[index]!;
    const length = descriptor.dimensions[0]!;
    // Every piece is whole registers long, and all but the last of a region are whole numbers of so many.
    const width = length % (REGISTERS * LANES) === 0 ? REGISTERS : 1;
    const height = length / (width * LANES);
    const source = program.channelsLast([1, LANES, height, width], "f32");
    const destination = program.channelsLast([1, LANES, 1, width], "f32");
    const kernel = [height, 1] as const;
    const shapes = { source, destination, kernel, stride: kernel, padding: [0, 0] } as const;
    const primitive =
      made.get(length) ?? program.descriptors.pooling({ ...shapes, algorithm: "averageExcludePadding" }, "inference");
    made.set(length, primitive);
    program.add("optimizer sums", primitive, {
      source: program.view(weights, source),
      destination: program.view(sums.value, destination, bytesPerElement.f32 * REGISTERS * LANES * index),
    });
  };
  return { sums: sums.array, addSum };
}

/** So many updates see all of Adam's mean squares: one that is not finite stays so, and makes its weight stand still. */
const PARTS = 64;

/** Whether a part of the values is finite: another one with every call. */
function partWatcher(values: Float32Array): () => boolean {
  const length = Math.ceil(values.length / PARTS);
  let next = 0;
  return () => {
    const from = length * (next++ % PARTS);
    return areFinite(values.subarray(from, from + length));
  };
}

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

/** Appends one update to the program. */
export const buildOptimizer = (optimizer: Optimizer, program: Program, arrays: FlatArrays): OptimizerUpdate =>
  program.runtime.kernels
    ? addOptimizerKernel(optimizer, program, arrays)
    : (builders[optimizer.kind] as Builder<Optimizer>)(optimizer, program, arrays);
