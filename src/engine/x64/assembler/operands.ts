/** What instructions work on: registers, masked registers and memory. What the processor does not have cannot be made. */

type Below8 = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
type Below32 = Below8 | (8 | 9 | 10 | 11 | 12 | 13 | 14 | 15) | (16 | 17 | 18 | 19 | 20 | 21 | 22 | 23) | From24;
type From24 = 24 | 25 | 26 | 27 | 28 | 29 | 30 | 31;

/** Who has a register, where an allocator gave it away. */
export interface Holder {
  readonly name: string;
  /** Until the holder's scope ends. */
  isLive: boolean;
  /** Whether an instruction has written to the register since. */
  isWritten: boolean;
}

interface Numbered {
  readonly code: number;
  readonly holder?: Holder;
}

/** A 64-bit general-purpose register that may be an address's index: all but rsp. */
export interface General extends Numbered {
  readonly kind: "general";
}
/** rsp, which may be a base but no index. */
export interface StackPointer {
  readonly kind: "stackPointer";
  readonly code: 4;
}
/** A 512-bit register, or its lower 256 or 128 bits. */
export interface Vector<Bits extends 128 | 256 | 512 = 128 | 256 | 512> extends Numbered {
  readonly kind: "vector";
  readonly bits: Bits;
}
/** A vector register of 512 bits. */
export type Zmm = Vector<512>;
/** The lower 256 bits of a vector register. */
export type Ymm = Vector<256>;
/** A register of one bit per element. */
export interface Mask extends Numbered {
  readonly kind: "mask";
}
/** A tile register of AMX. */
export interface AmxTile extends Numbered {
  readonly kind: "amxTile";
}
/** A register that an allocator gives away: any but rsp. */
export type Register = General | Vector | Mask | AmxTile;

/** Memory at base + index * scale + displacement. */
export interface Address {
  readonly kind: "address";
  readonly base: General | StackPointer;
  readonly index?: General;
  readonly scale: 1 | 2 | 4 | 8;
  readonly displacement: number;
}
/** Memory at an address that has an index. */
export type IndexedAddress = Address & { readonly index: General };

/** A destination of which an instruction writes the elements that the mask has; the others become zero, or keep what they held. */
export interface Masked<To extends Vector | Address = Vector | Address> {
  readonly kind: "masked";
  readonly to: To;
  readonly mask: Mask;
  readonly others: "zero" | "keep";
}

/** How many registers of a kind the processor has. */
export const registerCounts = { general: 16, vector: 32, mask: 8, amxTile: 8 } as const;

/** Whether a processor with so many registers has one of this number. */
export const isNumberBelow = (count: number, code: number): boolean =>
  Number.isInteger(code) && code >= 0 && code < count;

function numbered(kind: Register["kind"], prefix: string, code: number): void {
  if (isNumberBelow(registerCounts[kind], code)) return;
  throw new RangeError(
    `there is no ${prefix}${code}: the processor has ${prefix}0 to ${prefix}${registerCounts[kind] - 1}`,
  );
}

const general = (code: number): General => ({ kind: "general", code });
export const rax = general(0);
export const rcx = general(1);
export const rdx = general(2);
export const rbx = general(3);
export const rsp: StackPointer = { kind: "stackPointer", code: 4 };
export const rbp = general(5);
export const rsi = general(6);
export const rdi = general(7);
export const r8 = general(8);
export const r9 = general(9);
export const r10 = general(10);
export const r11 = general(11);
export const r12 = general(12);
export const r13 = general(13);
export const r14 = general(14);
export const r15 = general(15);

function vector<Bits extends 128 | 256 | 512>(prefix: string, code: number, bits: Bits): Vector<Bits> {
  numbered("vector", prefix, code);
  return { kind: "vector", code, bits };
}
/** A vector register by its number. */
export const zmm = (code: Below32): Zmm => vector("zmm", code, 512);
/** The lower 256 bits of the vector register of this number. */
export const ymm = (code: Below32): Ymm => vector("ymm", code, 256);
/** The lower 128 bits of the vector register of this number. */
export const xmm = (code: Below32): Vector<128> => vector("xmm", code, 128);

/** A mask register by its number. */
export function k(code: Below8): Mask {
  numbered("mask", "k", code);
  return { kind: "mask", code };
}

/** A tile register by its number. */
export function tmm(code: Below8): AmxTile {
  numbered("amxTile", "tmm", code);
  return { kind: "amxTile", code };
}

/** All of them, by number. */
export const zmms: readonly Zmm[] = Array.from({ length: registerCounts.vector }, (_, code) =>
  vector("zmm", code, 512),
);

/** The lower 256 bits of a register. */
export const lowerHalf = (register: Zmm): Ymm => ({ ...register, bits: 256 });

/** @throws {RangeError} where the mask is k0, which in an instruction stands for no mask */
export function masked<To extends Vector | Address>(to: To, mask: Mask, others: "zero" | "keep"): Masked<To> {
  if (mask.code === 0) throw new RangeError("k0 cannot mask: an instruction with it writes all elements");
  return { kind: "masked", to, mask, others };
}

const scales: readonly number[] = [1, 2, 4, 8];
const isSigned32 = (value: number) => (value | 0) === value;

const isGeneral = ({ kind, code }: General | StackPointer) =>
  kind === "general"
    ? isNumberBelow(registerCounts[kind], code) && code !== rsp.code
    : kind === "stackPointer" && code === rsp.code;

/** Why the processor has no such address; undefined where it has. */
export function addressFault({ base, index, scale, displacement }: Address): string | undefined {
  if (!isGeneral(base)) return "the base of an address must be a general register";
  if (index !== undefined && (index.kind !== "general" || !isGeneral(index))) {
    return "the index of an address must be a general register other than rsp";
  }
  if (!scales.includes(scale)) return `the scale of an index is 1, 2, 4 or 8, not ${scale}`;
  if (!isSigned32(displacement)) {
    return `a displacement is an integer of 32 bits with a sign, not ${displacement}`;
  }
  return undefined;
}

function checked<A extends Address>(address: A): A {
  const fault = addressFault(address);
  if (fault !== undefined) throw new RangeError(fault);
  return address;
}

/** @throws {RangeError} where the displacement is no signed integer of 32 bits */
export const at = (base: General | StackPointer, displacement = 0): Address =>
  checked({ kind: "address", base, scale: 1, displacement });

/** @throws {RangeError} as {@link at}, and for other scales */
export const atIndex = (
  base: General | StackPointer,
  index: General,
  scale: 1 | 2 | 4 | 8 = 1,
  displacement = 0,
): IndexedAddress => checked({ kind: "address", base, index, scale, displacement });

const generalNames = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"];
const prefixes = { 128: "xmm", 256: "ymm", 512: "zmm" } as const;

/** An operand as Intel writes it, for messages. */
export function describeOperand(operand: unknown): string {
  if (typeof operand !== "object" || operand === null || !("kind" in operand)) return String(operand);
  const value = operand as Register | StackPointer | Address | Masked | { readonly kind: "label" };
  switch (value.kind) {
    case "general":
    case "stackPointer":
      return generalNames[value.code] ?? `r${value.code}`;
    case "vector":
      return `${prefixes[value.bits]}${value.code}`;
    case "mask":
      return `k${value.code}`;
    case "amxTile":
      return `tmm${value.code}`;
    case "masked":
      return `${describeOperand(value.to)}{k${value.mask.code}}${value.others === "zero" ? "{z}" : ""}`;
    case "address": {
      const { base, index, scale, displacement } = value;
      const indexed = index === undefined ? "" : `+${describeOperand(index)}*${scale}`;
      const shift = displacement === 0 ? "" : `${displacement < 0 ? "" : "+"}${displacement}`;
      return `[${describeOperand(base)}${indexed}${shift}]`;
    }
    default:
      return value.kind;
  }
}
