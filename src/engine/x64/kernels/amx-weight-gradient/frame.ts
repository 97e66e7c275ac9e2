/** What the parts of the kernel share: registers that keep their contents, and variables on the stack. */
import { type Address, type General, type Mask, r15, type Zmm, zmm, zmms } from "../../assembler/operands.ts";
import { AMX_TILE_ROWS } from "../amx-configuration.ts";
import type { KernelAssembler } from "../task-kernel.ts";

/** Variables on the stack. */
export const VARIABLES = [
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
/** A register's worth, to build its contents in. */
export const SCRATCH_BYTES = 64;

/** The name of a variable on the stack. */
export type Variable = (typeof VARIABLES)[number];
/** Where a variable is. */
export const variable = (a: KernelAssembler, name: Variable): Address => a.variable(name);

/** Registers that keep their contents. */
export interface Kept {
  readonly scratchMemory: General;
  /** Masks of a register's four lanes of 16 bytes. */
  readonly laneMasks: readonly Mask[];
  readonly zero: Zmm;
  /** Which four channels of 32, or of 16, stand where, so that interleaving, which works within 16 bytes, leaves all in order. */
  readonly fullOrder: Zmm;
  readonly halfOrder: Zmm;
  /** For sources of a few channels: where in their registers the words of each are. */
  readonly pickOrders: readonly Zmm[];
}

const FIRST_PICK_ORDER = 16;

/** Takes the registers that keep their contents; they are yet to be written. */
export function takeKept(a: KernelAssembler, channels: number): Kept {
  const picked = Array.from({ length: channels < AMX_TILE_ROWS ? channels : 0 }, (_, channel) => channel);
  const pickOrders = Object.fromEntries(
    picked.map((channel) => [`pick order ${channel}`, zmms[FIRST_PICK_ORDER + channel]!] as const),
  );
  return {
    ...a.registers.fixed({ scratchMemory: r15, zero: zmm(31), fullOrder: zmm(30), halfOrder: zmm(29) }),
    laneMasks: Object.values(a.registers.masks("lane 0", "lane 1", "lane 2", "lane 3")),
    pickOrders: Object.values(a.registers.fixed(pickOrders)),
  };
}

/** Lanes of a register, 16 bytes each. */
export const LANES = 4;

/** Sets a mask to up to 32 bits. */
export function setMask(a: KernelAssembler, mask: Mask, bits: number): void {
  a.registers.scope(() => {
    const { held } = a.registers.general("held");
    a.mov(held, BigInt(bits));
    a.kmovd(mask, held);
  });
}
