/** Tensors of a program: a stretch of memory, and what is seen in it. */
import { bytesPerElement } from "../library/constants.ts";
import type { MemoryDescriptor } from "../library/descriptors.ts";

/** A stretch of memory of its own, or, where `array` is undefined, one that the arena gives while it is needed. */
export interface Storage {
  readonly bytes: number;
  array: Uint8Array | undefined;
}

/** A tensor that instructions read or write. */
export interface Value {
  readonly descriptor: MemoryDescriptor;
  readonly storage: Storage;
  /** Where in the storage it begins, in bytes; default 0. */
  readonly offset?: number;
  /** More than one reader may still need what it holds: it must not be overwritten in place. */
  readonly shared?: boolean;
}

/** Gives the address of a value's first byte, or of the byte at `offset` from there. */
export type Locate = (value: Value, offset?: number) => bigint;

/** Elements from one index of each axis to the next, where the last axis is contiguous. */
export const rowMajorStrides = (dimensions: readonly number[]): number[] => {
  const strides = dimensions.map(() => 1);
  for (let axis = dimensions.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * dimensions[axis + 1]!;
  return strides;
};

/** The persistent storage of a value as floats. */
export function floats({ storage: { array } }: Value): Float32Array {
  if (array === undefined) throw new Error("only persistent storage can be seen from JavaScript");
  return asFloats(array);
}

/** The same memory as floats. */
export const asFloats = ({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array =>
  new Float32Array(buffer, byteOffset, byteLength / bytesPerElement.f32);
