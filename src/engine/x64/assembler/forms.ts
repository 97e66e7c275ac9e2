/** What a row of the instruction table says: operands with what is done to them, encoding, and the processor's features that it needs. */
import type { Feature } from "./features.ts";
import {
  type Address,
  type AmxTile,
  addressFault,
  type General,
  type IndexedAddress,
  isNumberBelow,
  type Mask,
  type Masked,
  type Register,
  registerCounts,
  type StackPointer,
  type Vector,
} from "./operands.ts";

/** A place in the code that jumps go to. */
export interface Label {
  readonly kind: "label";
  position: number | undefined;
}

/** Of vectors: of an instruction's own length, unless an operand is said to be shorter. */
export type Length = 256 | 512;

/** A kind of operand: which values it takes, and in words. */
export interface OperandKind<T> {
  accepts(operand: unknown, length: Length): operand is T;
  expects(length: Length): string;
  /** Bytes, where it is a number in the code. */
  readonly immediateBytes?: 1 | 4 | 8;
}

/** What an instruction does to an operand. */
export type Role = "read" | "write" | "readWrite";
/** An operand of a form: its kind, and what is done to it. */
export interface Operand<T = unknown> {
  readonly role: Role;
  readonly kind: OperandKind<T>;
}
/** An operand that is read only. */
export const read = <T>(kind: OperandKind<T>): Operand<T> => ({ role: "read", kind });
/** An operand that is written only. */
export const write = <T>(kind: OperandKind<T>): Operand<T> => ({ role: "write", kind });
/** An operand that is read, then written. */
export const readWrite = <T>(kind: OperandKind<T>): Operand<T> => ({ role: "readWrite", kind });

type Value = Register | StackPointer | Address | Masked | Label;
const kindOf = (operand: unknown): Value["kind"] | undefined =>
  typeof operand === "object" && operand !== null ? (operand as Value).kind : undefined;

function registerTest<K extends Register["kind"]>(kind: K) {
  const count = registerCounts[kind];
  return (operand: unknown): boolean => kindOf(operand) === kind && isNumberBelow(count, (operand as Register).code);
}
const isGeneral = registerTest("general");
const isVector = registerTest("vector");
const isMaskRegister = registerTest("mask");

const kind = <T>(words: string, accepts: (operand: unknown) => boolean): OperandKind<T> => ({
  accepts: (operand): operand is T => accepts(operand),
  expects: () => words,
});

/** Any general register. */
export const general = kind<General | StackPointer>(
  "a general register",
  (operand) => isGeneral(operand) || kindOf(operand) === "stackPointer",
);
/** Any general register but rsp. */
export const notStackPointer = kind<General>("a general register other than rsp", isGeneral);
/** Any mask register. */
export const mask = kind<Mask>("a mask register", isMaskRegister);
/** Any tile register. */
export const amxTile = kind<AmxTile>("a tile register", registerTest("amxTile"));
const isMemory = (operand: unknown) => kindOf(operand) === "address" && addressFault(operand as Address) === undefined;
/** Memory at an address. */
export const memory = kind<Address>("memory", isMemory);
/** Memory at an address that has an index. */
export const indexedMemory = kind<IndexedAddress>(
  "memory with an index",
  (operand) => isMemory(operand) && (operand as Address).index !== undefined,
);
/** Memory, elements of which may keep what they hold. */
export const maskableMemory = kind<Address | Masked<Address>>(
  "memory, elements of which may be kept",
  (operand) => isMemory(operand) || (isMasked(operand) && operand.others === "keep" && isMemory(operand.to)),
);
/** A place to jump to. */
export const label = kind<Label>("a label", (operand) => kindOf(operand) === "label");

const isMasked = (operand: unknown): operand is Masked =>
  kindOf(operand) === "masked" && isMaskRegister((operand as Masked).mask) && (operand as Masked).mask.code !== 0;

const names = { 128: "an xmm", 256: "a ymm", 512: "a zmm" } as const;
/** A register of a part of the instruction's length, but of 128 bits at least. */
const part = (divisor: 1 | 2 | 4): OperandKind<Vector> => {
  const bits = (length: Length) => Math.max(128, length / divisor) as Vector["bits"];
  return {
    accepts: (operand, length): operand is Vector => isVector(operand) && (operand as Vector).bits === bits(length),
    expects: (length) => `${names[bits(length)]} register`,
  };
};
/** A vector register of the instruction's length. */
export const vector = part(1);
/** A vector register of half of the instruction's length. */
export const half = part(2);
/** A vector register of a quarter of the instruction's length. */
export const quarter = part(4);

const either = <A, B>(first: OperandKind<A>, second: OperandKind<B>): OperandKind<A | B> => ({
  accepts: (operand, length): operand is A | B => first.accepts(operand, length) || second.accepts(operand, length),
  expects: (length) => `${first.expects(length)} or ${second.expects(length)}`,
});
/** The register, or memory in its place. */
export const orMemory = <T>(register: OperandKind<T>): OperandKind<T | Address> => either(register, memory);
/** A register, elements of which may be kept or become zero. */
export const maskable = (register: OperandKind<Vector>): OperandKind<Vector | Masked<Vector>> => ({
  accepts: (operand, length): operand is Vector | Masked<Vector> =>
    register.accepts(isMasked(operand) ? operand.to : operand, length),
  expects: register.expects,
});

const immediate = (from: number, to: number, immediateBytes: 1 | 4): OperandKind<number> => ({
  ...kind(
    `an integer from ${from} to ${to}`,
    (operand) => Number.isInteger(operand) && (operand as number) >= from && (operand as number) <= to,
  ),
  immediateBytes,
});
/** A number from 0 on in one byte of the code. */
export const byteUpTo = (to: number) => immediate(0, to, 1);
/** A number with a sign in four bytes of the code. */
export const signed32 = immediate(-(2 ** 31), 2 ** 31 - 1, 4);
/** A number in eight bytes of the code, with or without a sign. */
export const integer64: OperandKind<bigint> = {
  ...kind(
    "a bigint of 64 bits",
    (operand) => typeof operand === "bigint" && operand >= -(2n ** 63n) && operand < 2n ** 64n,
  ),
  immediateBytes: 8,
};

/**
 * Where each operand goes, as in Intel's manual: R and M are the fields `reg` and `rm` of the byte ModRM, V the field `vvvv` of VEX and EVEX, O the
 * opcode's lowest bits, I an immediate number, J the distance of a jump.
 */
export type Slot = "R" | "M" | "V" | "O" | "I" | "J";

/** Opcode map (0F, 0F 38, 0F 3A), implied prefix (0 none, 1 66, 2 F3, 3 F2), width bit and opcode of a VEX or EVEX instruction. */
export type VectorOpcode = readonly [map: 1 | 2 | 3, prefix: 0 | 1 | 2 | 3, wide: 0 | 1, opcode: number];

/** How a form is encoded: as bytes that never change, or with the prefixes of its time. */
export type Encoding =
  | { readonly kind: "fixed"; readonly bytes: readonly number[] }
  /** `wide` works on 64 bits; `prefix` comes before all. */
  | { readonly kind: "legacy"; readonly wide: boolean; readonly opcode: readonly number[]; readonly prefix?: number }
  | { readonly kind: "vex" | "evex"; readonly opcode: VectorOpcode };

// biome-ignore lint/suspicious/noExplicitAny: operands of every type, as a tuple's element is not known here
type AnyOperand = Operand<any>;

/** One row of the table: an instruction with operands of certain kinds. */
export interface Form<Operands extends readonly AnyOperand[] = readonly AnyOperand[]> {
  readonly operands: Operands;
  /** Which operand is where; undefined where none is. */
  readonly slots: Readonly<Record<Slot, number | undefined>>;
  readonly encoding: Encoding;
  /** What the field `reg` is where no operand is there: a part of the opcode. */
  readonly extension: number;
  readonly feature: Feature | undefined;
  /** Of its vectors; instructions without any have one length, which means nothing. */
  readonly lengths: readonly Length[];
  /** Whether the processor refuses a register that is named twice. */
  readonly isDistinct: boolean;
}

/** The types of the operands of a form. */
export type TypesOf<F> =
  F extends Form<infer Operands> ? { [I in keyof Operands]: Operands[I] extends Operand<infer T> ? T : never } : never;

const plain = { extension: 0, feature: undefined, lengths: [512], isDistinct: false } as const;
/** All have every key, in one order: objects of one shape are fast to read. */
function slotsOf(letters: string): Form["slots"] {
  const slotOf = (letter: Slot) => {
    const index = letters.indexOf(letter);
    return index < 0 ? undefined : index;
  };
  return { R: slotOf("R"), M: slotOf("M"), V: slotOf("V"), O: slotOf("O"), I: slotOf("I"), J: slotOf("J") };
}

/** A form that is always the same bytes. */
export const fixed = (bytes: readonly number[], feature?: Feature): Form<readonly []> => ({
  ...plain,
  operands: [],
  slots: slotsOf(""),
  encoding: { kind: "fixed", bytes },
  feature,
});

/** A form from before AVX. @param wide whether it works on 64 bits and is not so by itself */
export const legacy = <const Operands extends readonly AnyOperand[]>(
  letters: string,
  opcode: readonly number[],
  operands: Operands,
  options: {
    readonly wide?: boolean;
    readonly extension?: number;
    readonly prefix?: number;
    readonly feature?: Feature;
  } = {},
): Form<Operands> => {
  const { wide = true, prefix, extension = 0, feature } = options;
  const encoding = { kind: "legacy", wide, opcode, ...(prefix !== undefined && { prefix }) } as const;
  return { ...plain, operands, slots: slotsOf(letters), encoding, extension, feature };
};

/** A form with the prefix VEX. @param isDistinct whether no register may be named twice */
export const vex = <const Operands extends readonly AnyOperand[]>(
  letters: string,
  opcode: VectorOpcode,
  feature: Feature,
  operands: Operands,
  isDistinct = false,
): Form<Operands> => ({
  ...plain,
  operands,
  slots: slotsOf(letters),
  encoding: { kind: "vex", opcode },
  feature,
  isDistinct,
});

/** A form of vectors of 512 bits, and of 256 with the feature `avx512vl`, unless `lengths` says otherwise. */
export const evex = <const Operands extends readonly AnyOperand[]>(
  letters: string,
  opcode: VectorOpcode,
  feature: Feature,
  operands: Operands,
  { extension = 0, lengths = [512, 256] }: { readonly extension?: number; readonly lengths?: readonly Length[] } = {},
): Form<Operands> => ({
  ...plain,
  operands,
  slots: slotsOf(letters),
  encoding: { kind: "evex", opcode },
  feature,
  extension,
  lengths,
});
