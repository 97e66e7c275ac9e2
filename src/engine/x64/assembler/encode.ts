/** The bytes of an instruction: prefixes, opcode, the byte ModRM, memory and numbers (Intel's manual, volume 2, chapter 2). */
import type { Form, Label, Length, VectorOpcode } from "./forms.ts";
import type { Address, AmxTile, General, Mask, Masked, Register, StackPointer, Vector } from "./operands.ts";

type Direct = General | StackPointer | Vector | Mask | AmxTile;
type Value = Direct | Address | Masked | Label | number | bigint;

/** A jump's distance, which is known once its label is placed. */
export interface Jump {
  readonly position: number;
  readonly label: Label;
}

const isAddress = (operand: Direct | Address): operand is Address => operand.kind === "address";
const indexCode = (operand: Direct | Address) => (isAddress(operand) ? (operand.index?.code ?? 0) : 0);
const baseCode = (operand: Direct | Address) => (isAddress(operand) ? operand.base.code : operand.code);

/** The operand at a position, without its mask. */
function direct(operands: readonly unknown[], position: number | undefined): Direct | Address | undefined {
  if (position === undefined) return undefined;
  const operand = operands[position] as Direct | Address | Masked;
  return operand.kind === "masked" ? operand.to : operand;
}

/** The number of the register at a position, which is no memory. */
const registerCode = (operands: readonly unknown[], position: number | undefined): number | undefined =>
  (direct(operands, position) as Register | undefined)?.code;

/** Appends an instruction whose operands the form accepts; gives the jump where it is one. */
export function encode(bytes: number[], form: Form, operands: readonly unknown[], length: Length): Jump | undefined {
  const { encoding, slots } = form;
  const rm = direct(operands, slots.M ?? slots.O);
  const reg = registerCode(operands, slots.R) ?? form.extension;
  switch (encoding.kind) {
    case "fixed":
      bytes.push(...encoding.bytes);
      return undefined;
    case "legacy": {
      if (encoding.prefix !== undefined) bytes.push(encoding.prefix);
      const [x, b] = rm === undefined ? [0, 0] : [indexCode(rm) >> 3, baseCode(rm) >> 3];
      const rex = (encoding.wide ? 8 : 0) | ((reg >> 3) << 2) | (x << 1) | b;
      if (rex !== 0) bytes.push(0x40 | rex);
      for (const byte of encoding.opcode) bytes.push(byte);
      bytes[bytes.length - 1]! |= (registerCode(operands, slots.O) ?? 0) & 7;
      break;
    }
    case "vex": {
      const [map, prefix, wide, opcode] = encoding.opcode;
      const [x, b] = rm === undefined ? [0, 0] : [indexCode(rm), baseCode(rm)];
      const second = registerCode(operands, slots.V) ?? 0;
      const inverted = (reg & 8 ? 0 : 0x80) | (x & 8 ? 0 : 0x40) | (b & 8 ? 0 : 0x20);
      bytes.push(0xc4, inverted | map, (wide << 7) | ((~second & 15) << 3) | prefix, opcode);
      break;
    }
    case "evex":
      // The field `reg` is an extension of the opcode where it holds no register.
      evexPrefix(
        bytes,
        encoding.opcode,
        slots.R === undefined ? 0 : reg,
        rm!,
        registerCode(operands, slots.V) ?? 0,
        length,
      );
      for (const operand of operands as Value[]) {
        if (typeof operand === "object" && operand.kind === "masked") mask(bytes, operand);
      }
  }
  if (slots.M !== undefined) modRm(bytes, reg, rm!);
  // Tiles stand in the field `reg` even where they are the only operand.
  else if (encoding.kind === "vex") bytes.push(0xc0 | ((reg & 7) << 3));
  if (slots.I !== undefined) {
    immediate(bytes, operands[slots.I] as number | bigint, form.operands[slots.I]!.kind.immediateBytes!);
  }
  if (slots.J === undefined) return undefined;
  immediate(bytes, 0, 4);
  return { position: bytes.length - 4, label: operands[slots.J] as Label };
}

/** A bit of a prefix, which is zero where the number's is one. */
const inverted = (bit: number, place: number) => (bit === 0 ? 1 << place : 0);

/** Without masking, which {@link mask} adds; then the opcode. */
function evexPrefix(
  bytes: number[],
  [map, prefix, wide, opcode]: VectorOpcode,
  reg: number,
  rm: Direct | Address,
  second: number,
  length: Length,
): void {
  // The fifth bit of a register operand takes the place of the index's fourth.
  const index = isAddress(rm) ? indexCode(rm) : rm.code >> 1;
  bytes.push(
    0x62,
    inverted(reg & 8, 7) | inverted(index & 8, 6) | inverted(baseCode(rm) & 8, 5) | inverted(reg & 16, 4) | map,
    (wide << 7) | ((~second & 15) << 3) | 4 | prefix,
    ((length === 512 ? 2 : 1) << 5) | inverted(second & 16, 3),
    opcode,
  );
}

/** Says in the prefix just written which elements are written. */
function mask(bytes: number[], { mask: { code }, others }: Masked): void {
  const last = bytes.length - 2;
  bytes[last] = bytes[last]! | (others === "zero" ? 0x80 : 0) | code;
}

/** Memory always has a displacement of 32 bits: it spares EVEX's scaled ones. */
function modRm(bytes: number[], register: number, operand: Direct | Address): void {
  const reg = (register & 7) << 3;
  if (!isAddress(operand)) {
    bytes.push(0xc0 | reg | (operand.code & 7));
    return;
  }
  const { base, index, scale, displacement } = operand;
  if (index === undefined && (base.code & 7) !== 4) bytes.push(0x80 | reg | (base.code & 7));
  else {
    const noIndex = 4;
    bytes.push(0x84 | reg, (Math.log2(scale) << 6) | (((index?.code ?? noIndex) & 7) << 3) | (base.code & 7));
  }
  immediate32(bytes, displacement);
}

function immediate(bytes: number[], value: number | bigint, length: 1 | 4 | 8): void {
  if (length === 1) bytes.push(Number(value));
  else if (length === 4) immediate32(bytes, Number(value));
  else {
    // Numbers are much faster than bigints.
    const both = BigInt.asUintN(64, BigInt(value));
    immediate32(bytes, Number(both & 0xffffffffn));
    immediate32(bytes, Number(both >> 32n));
  }
}

function immediate32(bytes: number[], number: number): void {
  bytes.push(number & 255, (number >> 8) & 255, (number >> 16) & 255, (number >> 24) & 255);
}
