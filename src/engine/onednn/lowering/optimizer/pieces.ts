/** The flat arrays of an optimizer in pieces that stay in the cache, and elementwise steps over them. */
import type { BinaryAlgorithm } from "../../library/constants.ts";
import type { MemoryDescriptor, PostOperation, PrimitiveDescriptor } from "../../library/descriptors.ts";
import type { Program } from "../../program/program.ts";
import type { Value } from "../../program/value.ts";
import type { FlatArrays } from "./optimizer-update.ts";

// Five float32 arrays of this many elements fit a core's second-level cache.
const PIECE = 1 << 16;

/** The same elements of all flat arrays. */
export interface Piece {
  readonly descriptor: MemoryDescriptor;
  readonly decays: boolean;
  readonly l2: number;
  readonly weights: Value;
  readonly gradients: Value;
  readonly slots: readonly Value[];
}

/** Cuts the trained part of the flat arrays; all of a piece decay alike. */
export function* piecesOf(program: Program, arrays: FlatArrays): Generator<Piece> {
  const descriptors = new Map<number, MemoryDescriptor>();
  for (const region of arrays.trained) {
    for (let from = region.from; from < region.to; from += PIECE) {
      const length = Math.min(PIECE, region.to - from);
      const descriptor = descriptors.get(length) ?? program.rowMajor([length], "f32");
      descriptors.set(length, descriptor);
      const piece = (array: Uint8Array) =>
        program.persistent(descriptor, array.subarray(from * 4, (from + length) * 4));
      yield {
        descriptor,
        decays: region.decays,
        l2: region.l2,
        weights: piece(arrays.weights),
        gradients: piece(arrays.gradients),
        slots: arrays.slots.map(piece),
      };
    }
  }
}

/** What {@link stepMaker} gives. */
export type StepMaker = ReturnType<typeof stepMaker>;

/** destination = post(first (algorithm) second); one compiled primitive per kind of step and length. */
export function stepMaker(program: Program) {
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
