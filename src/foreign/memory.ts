/** Where arrays are in memory, and what stands at a native address. */
import { nativeCalls } from "./koffi.ts";

/** The address of an array's first byte. */
export const addressOf = (array: ArrayBufferView): bigint => nativeCalls().address(array);

/** A C string at an address. */
export const readString = (address: bigint): string => nativeCalls().decode(address, "char", -1) as string;

/** So many C integers at an address. */
export function readIntegers(address: bigint, count: number): readonly number[] {
  const koffi = nativeCalls();
  return Array.from(koffi.decode(address, koffi.array("int", count)) as ArrayLike<number>);
}
