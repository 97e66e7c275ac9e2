/** The bytes of an instruction: prefixes, opcode, the byte ModRM, memory and numbers (Intel's manual, volume 2, chapter 2). */
import type { Form, Label, Length, Slot } from "./forms.ts";
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

/** The operand that goes to a place. */
function slot(form: Form, operands: readonly unknown[], letter: Slot): Value | undefined {
  const index = form.slots[letter];
  return index === undefined ? undefined : (operands[index] as Value);
}

/** The same without its mask. */
function direct(form: Form, operands: readonly unknown[], letter: "R" | "M" | "V" | "O"): Direct | Address | undefined {
  const operand = slot(form, operands, letter) as Direct | Address | Masked | undefined;
  return operand?.kind === "masked" ? operand.to : operand;
}

/** Appends an instruction whose operands the form accepts; gives the jump where it is one. */
export function encode(bytes: number[], form: Form, operands: readonly unknown[], length: Length): Jump | undefined {
  const rm = direct(form, operands, "M") ?? direct(form, operands, "O");
  const reg = (direct(form, operands, "R") as Register | undefined)?.code ?? form.extension;
  const { encoding } = form;
  switch (encoding.kind) {
    case "fixed":
      bytes.push(...encoding.bytes);
      return undefined;
    case "legacy": {
      if (encoding.prefix !== undefined) bytes.push(encoding.prefix);
      const [x, b] = rm === undefined ? [0, 0] : [indexCode(rm) >> 3, baseCode(rm) >> 3];
      const rex = (encoding.wide ? 8 : 0) | ((reg >> 3) << 2) | (x << 1) | b;
      if (rex !== 0) bytes.push(0x40 | rex);
      const inOpcode = direct(form, operands, "O") as Register | undefined;
      const last = encoding.opcode.length - 1;
      bytes.push(...encoding.opcode.slice(0, last), encoding.opcode[last]! | ((inOpcode?.code ?? 0) & 7));
      break;
    }
    case "vex": {
      const [map, prefix, wide, opcode] = encoding.opcode;
      const [x, b] = rm === undefined ? [0, 0] : [indexCode(rm), baseCode(rm)];
      const second = (direct(form, operands, "V") as Register | undefined)?.code ?? 0;
      const inverted = (reg & 8 ? 0 : 0x80) | (x & 8 ? 0 : 0x40) | (b & 8 ? 0 : 0x20);
      bytes.push(0xc4, inverted | map, (wide << 7) | ((~second & 15) << 3) | prefix, opcode);
      break;
    }
    case "evex":
      evexPrefix(bytes, form, encoding.opcode, {
        reg,
        rm: rm!,
        second: direct(form, operands, "V") as Vector | undefined,
        length,
      });
      for (const operand of operands as Value[]) {
        if (typeof operand === "object" && operand.kind === "masked") mask(bytes, operand);
      }
  }
  if (form.slots.M !== undefined) modRm(bytes, reg, rm!);
  // Tiles stand in the field `reg` even where they are the only operand.
  else if (encoding.kind === "vex") bytes.push(0xc0 | ((reg & 7) << 3));
  const number = slot(form, operands, "I") as number | bigint | undefined;
  if (number !== undefined) immediate(bytes, number, form.operands[form.slots.I!]!.kind.immediateBytes!);
  const label = slot(form, operands, "J") as Label | undefined;
  if (label === undefined) return undefined;
  immediate(bytes, 0, 4);
  return { position: bytes.length - 4, label };
}

/** Without masking, which {@link mask} adds; then the opcode. */
function evexPrefix(
  bytes: number[],
  form: Form,
  [map, prefix, wide, opcode]: readonly [number, number, number, number],
  { reg, rm, second, length }: { reg: number; rm: Direct | Address; second: Vector | undefined; length: Length },
): void {
  // The fifth bit of a register operand takes the place of the index's fourth.
  const index = isAddress(rm) ? indexCode(rm) : rm.code >> 1;
  const inverted = (bit: number, place: number) => (bit === 0 ? 1 << place : 0);
  const own = form.slots.R !== undefined ? reg : 0;
  const other = second?.code ?? 0;
  bytes.push(
    0x62,
    inverted(own & 8, 7) | inverted(index & 8, 6) | inverted(baseCode(rm) & 8, 5) | inverted(own & 16, 4) | map,
    (wide << 7) | ((~other & 15) << 3) | 4 | prefix,
    ((length === 512 ? 2 : 1) << 5) | inverted(other & 16, 3),
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
  immediate(bytes, displacement, 4);
}

function immediate(bytes: number[], value: number | bigint, length: 1 | 4 | 8): void {
  if (length === 1) bytes.push(Number(value));
  else if (length === 4) {
    const number = Number(value);
    bytes.push(number & 255, (number >> 8) & 255, (number >> 16) & 255, (number >> 24) & 255);
  } else for (let byte = 0n; byte < 8n; byte++) bytes.push(Number((BigInt(value) >> (8n * byte)) & 0xffn));
}
