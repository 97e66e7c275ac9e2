/**
 * Machine code for x86-64 with AVX-512 and AMX: one method per instruction, named as in Intel's manual (Intel 64 and IA-32
 * Architectures Software Developer's Manual, volume 2), operands in Intel's order.
 */

/** A 64-bit general-purpose register. */
export type General = { readonly general: number };
/** A 512-bit register; where an instruction works on half of one, its lower 256 bits. */
export type Vector = { readonly vector: number };
/** A register of one bit per element. */
export type Mask = { readonly mask: number };
/** A tile register of AMX. */
export type AmxTile = { readonly tile: number };
/** Memory at base + index * scale + displacement. */
export interface Address {
  readonly base: General;
  readonly index?: General;
  readonly scale?: 1 | 2 | 4 | 8;
  readonly displacement?: number;
}
/** A place in the code that jumps go to. */
export interface Label {
  position: number | undefined;
}

const general = (code: number): General => ({ general: code });
export const rax = general(0);
export const rcx = general(1);
export const rdx = general(2);
export const rbx = general(3);
export const rsp = general(4);
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

export const zmm = (code: number): Vector => ({ vector: code });
export const k = (code: number): Mask => ({ mask: code });
export const tmm = (code: number): AmxTile => ({ tile: code });

export const at = (base: General, displacement = 0): Address => ({ base, displacement });
export const atIndex = (
  base: General,
  index: General,
  scale: 1 | 2 | 4 | 8 = 1,
  displacement = 0,
): Address & { readonly index: General } => ({ base, index, scale, displacement });

/** Which elements an instruction writes; the others become zero, or keep what they held. */
export interface Masking {
  readonly mask: Mask;
  readonly others: "zero" | "keep";
}

/** Comparison predicates of `vcmpps` and of integer comparisons. */
export const predicate = { equal: 0, greaterThan: 14 } as const;

/** Opcode map, implied prefix (0 none, 1 66, 2 F3, 3 F2), width bit and opcode of an EVEX or VEX instruction. */
type Encoding = readonly [map: 1 | 2 | 3, prefix: 0 | 1 | 2 | 3, wide: 0 | 1, opcode: number];

/** destination = first op second, second from a register or from memory. */
const threeOperands = {
  vaddps: [1, 0, 0, 0x58],
  vaddpd: [1, 1, 1, 0x58],
  vmulps: [1, 0, 0, 0x59],
  vsubps: [1, 0, 0, 0x5c],
  vdivps: [1, 0, 0, 0x5e],
  vmaxps: [1, 0, 0, 0x5f],
  /** destination += first * second */
  vfmadd231ps: [2, 1, 0, 0xb8],
  /** destination = first * destination + second */
  vfmadd213ps: [2, 1, 0, 0xa8],
  vpord: [1, 1, 0, 0xeb],
  vpxord: [1, 1, 0, 0xef],
  vpunpcklwd: [1, 1, 0, 0x61],
  vpunpckhwd: [1, 1, 0, 0x69],
  vpunpckldq: [1, 1, 0, 0x62],
  vpunpckhdq: [1, 1, 0, 0x6a],
  vpunpcklqdq: [1, 1, 1, 0x6c],
  vpunpckhqdq: [1, 1, 1, 0x6d],
  /** destination = quadwords of `second` chosen by the indices in `first`. */
  vpermq: [2, 1, 1, 0x36],
  /** Floats of `second` and then of `first` to bfloat16 numbers, to the nearest, ties to even. */
  vcvtne2ps2bf16: [2, 3, 0, 0x72],
  /** Two words of destination per element: indices from `first`. */
  vpermw: [2, 1, 1, 0x8d],
} as const satisfies Record<string, Encoding>;

/** destination = op(source), source from a register or from memory. */
const twoOperands = {
  /** 16 words to 16 doublewords. */
  vpmovzxwd: [2, 1, 0, 0x33],
  /** 16 bytes to 16 doublewords. */
  vpmovzxbd: [2, 1, 0, 0x31],
  /** 32 bytes to 32 words. */
  vpmovzxbw: [2, 1, 0, 0x30],
  /** 16 floats to 16 bfloat16 numbers, to the nearest, ties to even. */
  vcvtneps2bf16: [2, 2, 0, 0x72],
  /** Signed doublewords to floats. */
  vcvtdq2ps: [1, 0, 0, 0x5b],
  vsqrtps: [1, 0, 0, 0x51],
  /** 8 floats to 8 doubles. */
  vcvtps2pd: [1, 0, 0, 0x5a],
  vbroadcasti32x4: [2, 1, 0, 0x5a],
  vbroadcastss: [2, 1, 0, 0x18],
} as const satisfies Record<string, Encoding>;

/** Moves: one opcode from register or memory to a register, one to memory. */
const moves = {
  vmovups: [
    [1, 0, 0, 0x10],
    [1, 0, 0, 0x11],
  ],
  vmovdqu16: [
    [1, 3, 1, 0x6f],
    [1, 3, 1, 0x7f],
  ],
} as const satisfies Record<string, readonly [Encoding, Encoding]>;

/** destination = op(first, second, immediate) */
const withImmediate = {
  vinserti64x4: [3, 1, 1, 0x3a],
  /** Two of the first's four quarters, then two of the second's. */
  vshufi32x4: [3, 1, 0, 0x43],
} as const satisfies Record<string, Encoding>;

/** mask = comparison(first, second, predicate) */
const comparisons = {
  vcmpps: [1, 0, 0, 0xc2],
  /** Unsigned words. */
  vpcmpuw: [3, 1, 1, 0x3e],
} as const satisfies Record<string, Encoding>;

/** Stores that narrow: 32-bit elements to fewer bits, cut off. */
const narrowing = {
  /** 16 doublewords to bytes. */
  vpmovdb: [2, 2, 0, 0x31],
  /** 16 doublewords to words. */
  vpmovdw: [2, 2, 0, 0x33],
} as const satisfies Record<string, Encoding>;

type Length = 256 | 512;
type Operand = Vector | Address;

const isAddress = (operand: object): operand is Address => "base" in operand;

const conditions = { equal: 4, notEqual: 5, less: 12, greaterOrEqual: 13, lessOrEqual: 14, greater: 15 } as const;
export type Condition = keyof typeof conditions;

export class Assembler {
  readonly #bytes: number[] = [];
  readonly #jumps: { readonly position: number; readonly label: Label }[] = [];

  /** The code so far; throws where a jump goes to a label that was not placed. */
  finish(): Uint8Array {
    const code = Uint8Array.from(this.#bytes);
    const view = new DataView(code.buffer);
    for (const { position, label } of this.#jumps) {
      if (label.position === undefined) throw new Error("a jump to a label that was not placed");
      view.setInt32(position, label.position - (position + 4), true);
    }
    return code;
  }

  label(): Label {
    return { position: undefined };
  }

  place(label: Label): void {
    label.position = this.#bytes.length;
  }

  /** `body` as often as `counter` says, which ends at zero; not at all where it is zero or less. */
  repeat(counter: General, body: () => void): void {
    const [start, end] = [this.label(), this.label()];
    this.cmp(counter, 0);
    this.jump("lessOrEqual", end);
    this.place(start);
    body();
    this.sub(counter, 1);
    this.jump("notEqual", start);
    this.place(end);
  }

  jump(condition: Condition | "always", label: Label): void {
    if (condition === "always") this.#emit(0xe9);
    else this.#emit(0x0f, 0x80 | conditions[condition]);
    this.#jumps.push({ position: this.#bytes.length, label });
    this.#int32(0);
  }

  push({ general: code }: General): void {
    if (code >= 8) this.#emit(0x41);
    this.#emit(0x50 | (code & 7));
  }

  pop({ general: code }: General): void {
    if (code >= 8) this.#emit(0x41);
    this.#emit(0x58 | (code & 7));
  }

  ret(): void {
    this.#emit(0xc3);
  }

  /** Calls the function at the address that the register holds. */
  call({ general: code }: General): void {
    if (code >= 8) this.#emit(0x41);
    this.#emit(0xff, 0xd0 | (code & 7));
  }

  mov(destination: General | Address, source: General | Address | bigint): void {
    if (typeof source === "bigint") {
      const { general: code } = destination as General;
      this.#emit(0x48 | (code >> 3), 0xb8 | (code & 7));
      for (let byte = 0n; byte < 8n; byte++) this.#emit(Number((source >> (8n * byte)) & 0xffn));
    } else if (isAddress(destination)) this.#wide(0x89, (source as General).general, destination);
    else if (isAddress(source)) this.#wide(0x8b, destination.general, source);
    else this.#wide(0x89, source.general, destination);
  }

  lea(destination: General, source: Address): void {
    this.#wide(0x8d, destination.general, source);
  }

  add(destination: General, source: General | Address | number): void {
    this.#arithmetic(0, 0x03, destination, source);
  }

  sub(destination: General, source: General | Address | number): void {
    this.#arithmetic(5, 0x2b, destination, source);
  }

  cmp(first: General, second: General | Address | number): void {
    this.#arithmetic(7, 0x3b, first, second);
  }

  imul(destination: General, source: General | Address): void {
    this.#rexWide(destination.general, source);
    this.#emit(0x0f, 0xaf);
    this.#modRm(destination.general, source);
  }

  /** Makes the next instruction, which changes memory, one step for all threads. */
  lock(): void {
    this.#emit(0xf0);
  }

  /** Adds the source to memory; the source becomes what was there. */
  xadd(destination: Address, source: General): void {
    this.#rexWide(source.general, destination);
    this.#emit(0x0f, 0xc1);
    this.#modRm(source.general, destination);
  }

  /** rax = rdx:rax / divisor, unsigned; rdx the remainder. */
  div(divisor: General): void {
    this.#wide(0xf7, 6, divisor);
  }

  /** Brings the line of an address to the first-level cache. */
  prefetcht0(address: Address): void {
    this.#prefetch(1, address);
  }

  /** Brings the line of an address to the second-level cache. */
  prefetcht1(address: Address): void {
    this.#prefetch(2, address);
  }

  /** Brings the line of an address to the first-level cache, to be written. */
  prefetchw(address: Address): void {
    this.#prefetch(1, address, 0x0d);
  }

  #prefetch(level: number, address: Address, opcode = 0x18): void {
    const [b, x] = [address.base.general >> 3, (address.index?.general ?? 0) >> 3];
    if (b | x) this.#emit(0x40 | (x << 1) | b);
    this.#emit(0x0f, opcode);
    this.#modRm(level, address);
  }

  /** The lower 32 bits of a general register to a mask. */
  kmovd({ mask }: Mask, { general: code }: General): void {
    this.#vex([1, 3, 0, 0x92], mask, 0, code);
    this.#emit(0xc0 | (mask << 3) | (code & 7));
  }

  vzeroupper(): void {
    this.#emit(0xc5, 0xf8, 0x77);
  }

  /** Every 32-bit element becomes the lower half of the register. */
  vpbroadcastd({ vector }: Vector, { general: code }: General): void {
    this.#evex([2, 1, 0, 0x7c], vector, 0, zmm(code), 512);
  }

  /** Every 16-bit element becomes the lower part of the register. */
  vpbroadcastw({ vector }: Vector, { general: code }: General): void {
    this.#evex([2, 1, 0, 0x7b], vector, 0, zmm(code), 512);
  }

  vpslld({ vector }: Vector, source: Vector, bits: number): void {
    this.#evex([1, 1, 0, 0x72], 6, vector, source, 512);
    this.#emit(bits);
  }

  vpsrld({ vector }: Vector, source: Vector, bits: number): void {
    this.#evex([1, 1, 0, 0x72], 2, vector, source, 512);
    this.#emit(bits);
  }

  op(
    name: keyof typeof threeOperands,
    { vector }: Vector,
    first: Vector,
    second: Operand,
    { length = 512, masking }: { length?: Length; masking?: Masking } = {},
  ): void {
    this.#evex(threeOperands[name], vector, first.vector, second, length, masking);
  }

  /** `length` is that of the destination, but for `vcvtneps2bf16`, whose source it is. */
  convert(
    name: keyof typeof twoOperands,
    { vector }: Vector,
    source: Operand,
    { length = 512, masking }: { length?: Length; masking?: Masking } = {},
  ): void {
    this.#evex(twoOperands[name], vector, 0, source, length, masking);
  }

  move(
    name: keyof typeof moves,
    destination: Operand,
    source: Operand,
    { length = 512, masking }: { length?: Length; masking?: Masking } = {},
  ): void {
    const [load, store] = moves[name];
    if (isAddress(destination)) this.#evex(store, (source as Vector).vector, 0, destination, length, masking);
    else this.#evex(load, destination.vector, 0, source, length, masking);
  }

  shuffle(
    name: keyof typeof withImmediate,
    { vector }: Vector,
    first: Vector,
    second: Operand,
    selector: number,
  ): void {
    this.#evex(withImmediate[name], vector, first.vector, second, 512);
    this.#emit(selector);
  }

  compare(
    name: keyof typeof comparisons,
    { mask }: Mask,
    first: Vector,
    second: Operand,
    how: keyof typeof predicate,
    { length = 512 }: { length?: Length } = {},
  ): void {
    this.#evex(comparisons[name], mask, first.vector, second, length);
    // Integer comparisons have no predicate 14; "not less or equal" is 6 there.
    this.#emit(how === "greaterThan" && name !== "vcmpps" ? 6 : predicate[how]);
  }

  narrow(name: keyof typeof narrowing, destination: Address, { vector }: Vector, masking?: Masking): void {
    this.#evex(narrowing[name], vector, 0, destination, 512, masking);
  }

  ldtilecfg(source: Address): void {
    this.#vex([2, 0, 0, 0x49], 0, 0, source);
    this.#modRm(0, source);
  }

  tilerelease(): void {
    this.#emit(0xc4, 0xe2, 0x78, 0x49, 0xc0);
  }

  tilezero({ tile }: AmxTile): void {
    this.#emit(0xc4, 0xe2, 0x7b, 0x49, 0xc0 | (tile << 3));
  }

  /** Rows from `source.base`, each `source.index` bytes after the other. */
  tileloadd({ tile }: AmxTile, source: Address & { readonly index: General }): void {
    this.#vex([2, 3, 0, 0x4b], tile, 0, source);
    this.#modRm(tile, source);
  }

  tilestored(destination: Address & { readonly index: General }, { tile }: AmxTile): void {
    this.#vex([2, 2, 0, 0x4b], tile, 0, destination);
    this.#modRm(tile, destination);
  }

  /** sum += products of pairs of bfloat16 numbers: sum[m][n] += first[m][k] * second[k / 2][n][k % 2]. */
  tdpbf16ps(sum: AmxTile, first: AmxTile, second: AmxTile): void {
    this.#vex([2, 2, 0, 0x5c], sum.tile, second.tile, first.tile);
    this.#emit(0xc0 | (sum.tile << 3) | first.tile);
  }

  #emit(...bytes: readonly number[]): void {
    this.#bytes.push(...bytes);
  }

  #int32(value: number): void {
    this.#emit(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255);
  }

  #arithmetic(extension: number, opcode: number, destination: General, source: General | Address | number): void {
    if (typeof source === "number") {
      this.#wide(0x81, extension, destination);
      this.#int32(source);
    } else this.#wide(opcode, destination.general, source);
  }

  /** An instruction on 64 bits with a register (or an extension of the opcode) and a register or memory. */
  #wide(opcode: number, register: number, operand: General | Address): void {
    this.#rexWide(register, operand);
    this.#emit(opcode);
    this.#modRm(register, operand);
  }

  #rexWide(register: number, operand: General | Address): void {
    const [b, x] = isAddress(operand)
      ? [operand.base.general >> 3, (operand.index?.general ?? 0) >> 3]
      : [operand.general >> 3, 0];
    this.#emit(0x48 | ((register >> 3) << 2) | (x << 1) | b);
  }

  /** Memory always has a displacement of 32 bits: it spares EVEX's scaled ones. */
  #modRm(register: number, operand: General | Address): void {
    const reg = (register & 7) << 3;
    if (!isAddress(operand)) {
      this.#emit(0xc0 | reg | (operand.general & 7));
      return;
    }
    const { base, index, scale = 1, displacement = 0 } = operand;
    if (index === undefined && (base.general & 7) !== 4) this.#emit(0x80 | reg | (base.general & 7));
    else {
      const noIndex = 4;
      this.#emit(0x84 | reg, (Math.log2(scale) << 6) | (((index?.general ?? noIndex) & 7) << 3) | (base.general & 7));
    }
    this.#int32(displacement);
  }

  /** The prefix and the opcode of an instruction with 128-bit VEX encoding. */
  #vex([map, prefix, wide, opcode]: Encoding, register: number, second: number, operand: number | Address): void {
    const [base, index] =
      typeof operand === "number" ? [operand, 0] : [operand.base.general, operand.index?.general ?? 0];
    const r = (register & 8) === 0 ? 0x80 : 0;
    const x = (index & 8) === 0 ? 0x40 : 0;
    const b = (base & 8) === 0 ? 0x20 : 0;
    this.#emit(0xc4, r | x | b | map, (wide << 7) | ((~second & 15) << 3) | prefix, opcode);
  }

  #evex(
    [map, prefix, wide, opcode]: Encoding,
    register: number,
    second: number,
    operand: Operand,
    length: Length,
    masking?: Masking,
  ): void {
    const inMemory = isAddress(operand);
    const base = inMemory ? operand.base.general : operand.vector;
    // The fifth bit of a register operand takes the place of the index's fourth.
    const index = inMemory ? (operand.index?.general ?? 0) : operand.vector >> 1;
    const inverted = (bit: number, place: number) => (bit === 0 ? 1 << place : 0);
    this.#emit(
      0x62,
      inverted(register & 8, 7) | inverted(index & 8, 6) | inverted(base & 8, 5) | inverted(register & 16, 4) | map,
      (wide << 7) | ((~second & 15) << 3) | 4 | prefix,
      (masking?.others === "zero" ? 0x80 : 0) |
        ((length === 512 ? 2 : 1) << 5) |
        inverted(second & 16, 3) |
        (masking?.mask.mask ?? 0),
      opcode,
    );
    this.#modRm(register, inMemory ? operand : general(operand.vector & 15));
  }
}
