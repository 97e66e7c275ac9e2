/** What the parts of the kernel share: registers that keep their contents, and variables on the stack. */
import { type Address, type Assembler, at, k, type Mask, r15, rax, rsp, zmm } from "../../assembler/assembler.ts";

/** Variables on the stack. */
const LOCALS = [
  // the first image of the unit, how many are left of the task, and the first row of the unit
  "sourceImage",
  "gradientImage",
  "images",
  "row",
  // whether there are sums of earlier units
  "accumulate",
  // where the block's sums go, in the end and before
  "weights",
  "bias",
  "sums",
  // whether there are sums of earlier steps; whether the unit, and the sums, are the last ones
  "hasSums",
  "last",
  "isWanted",
  // the block of the gradient
  "pairs",
  // blocks left; steps now, and left
  "block",
  "steps",
  "left",
] as const;
/** Bytes of them, and of 64 others that are free. */
export const FRAME = 64 + 8 * LOCALS.length;
export const local = (name: (typeof LOCALS)[number]): Address => at(rsp, 64 + 8 * LOCALS.indexOf(name));

export const scratchMemory = r15;
/** Masks of a register's four lanes of 16 bytes. */
export const laneMasks = [k(1), k(2), k(3), k(4)] as const;
export const zero = zmm(31);
/** Which four channels of 32, or of 16, stand where, so that interleaving, which works within 16 bytes, leaves all in order. */
export const [fullOrder, halfOrder] = [zmm(30), zmm(29)];

export function setMask(a: Assembler, mask: Mask, bits: number): void {
  a.mov(rax, BigInt(bits));
  a.kmovd(mask, rax);
}

export function advance(a: Assembler, name: (typeof LOCALS)[number], bytes: number): void {
  a.mov(rax, local(name));
  a.add(rax, bytes);
  a.mov(local(name), rax);
}
