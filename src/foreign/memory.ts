/** Where arrays are in memory, and what stands at a native address. */
import koffi from "koffi";

/** The address of an array's first byte. */
export const addressOf = (array: ArrayBufferView): bigint => koffi.address(array);

/** A C string at an address. */
export const readString = (address: bigint): string => koffi.decode(address, "char", -1) as string;

/** So many C integers at an address. */
export const readIntegers = (address: bigint, count: number): readonly number[] =>
  Array.from(koffi.decode(address, koffi.array("int", count)) as ArrayLike<number>);
