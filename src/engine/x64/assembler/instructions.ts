/**
 * Every instruction that the assembler knows, named as in Intel's manual (Intel 64 and IA-32 Architectures Software Developer's Manual,
 * volume 2), operands in Intel's order: a line for each form, with where the operands go, opcode, the feature that it needs, and what it does to
 * its operands. Checked against GNU's assembler, form by form.
 */
import {
  amxTile,
  byteUpTo,
  evex,
  fixed,
  general,
  half,
  indexedMemory,
  integer64,
  label,
  legacy,
  mask,
  maskable,
  maskableMemory,
  memory,
  notStackPointer,
  orMemory,
  quarter,
  read,
  readWrite,
  signed32,
  type TypesOf,
  vector,
  vex,
  write,
} from "./forms.ts";

const [bits32, bits512] = [{ wide: false }, { lengths: [512] }] as const;
const written = write(maskable(vector));
const changed = readWrite(maskable(vector));
const source = read(vector);
const sourceOrMemory = read(orMemory(vector));
const byte = read(byteUpTo(255));

/** The table, by mnemonic. */
export const instructions = {
  // General registers. Memory of an arithmetic instruction is only read.
  mov: [
    legacy("OI", [0xb8], [write(general), read(integer64)]),
    legacy("MR", [0x89], [write(orMemory(general)), read(general)]),
    legacy("RM", [0x8b], [write(general), read(memory)]),
  ],
  lea: [legacy("RM", [0x8d], [write(general), read(memory)])],
  add: [
    legacy("MI", [0x81], [readWrite(general), read(signed32)]),
    legacy("RM", [0x03], [readWrite(general), read(orMemory(general))]),
  ],
  sub: [
    legacy("MI", [0x81], [readWrite(general), read(signed32)], { extension: 5 }),
    legacy("RM", [0x2b], [readWrite(general), read(orMemory(general))]),
  ],
  cmp: [
    legacy("MI", [0x81], [read(general), read(signed32)], { extension: 7 }),
    legacy("RM", [0x3b], [read(general), read(orMemory(general))]),
  ],
  imul: [legacy("RM", [0x0f, 0xaf], [readWrite(general), read(orMemory(general))])],
  /** rax = rdx:rax / divisor, unsigned; rdx the remainder. */
  div: [legacy("M", [0xf7], [read(notStackPointer)], { extension: 6 })],
  /** Adds the source to memory, in one step for all threads; the source becomes what was there. */
  lockXadd: [legacy("MR", [0x0f, 0xc1], [readWrite(memory), readWrite(notStackPointer)], { prefix: 0xf0 })],
  push: [legacy("O", [0x50], [read(notStackPointer)], bits32)],
  pop: [legacy("O", [0x58], [write(notStackPointer)], bits32)],
  /** The function at the address that the register holds. */
  call: [legacy("M", [0xff], [read(notStackPointer)], { ...bits32, extension: 2 })],
  ret: [fixed([0xc3])],

  // Jumps. Comparisons are of numbers with a sign.
  jmp: [legacy("J", [0xe9], [read(label)], bits32)],
  je: [legacy("J", [0x0f, 0x84], [read(label)], bits32)],
  jne: [legacy("J", [0x0f, 0x85], [read(label)], bits32)],
  jl: [legacy("J", [0x0f, 0x8c], [read(label)], bits32)],
  jge: [legacy("J", [0x0f, 0x8d], [read(label)], bits32)],
  jle: [legacy("J", [0x0f, 0x8e], [read(label)], bits32)],
  jg: [legacy("J", [0x0f, 0x8f], [read(label)], bits32)],

  // A line of memory to the first-level cache, to the second-level cache, and to the first-level cache to be written.
  prefetcht0: [legacy("M", [0x0f, 0x18], [read(memory)], { ...bits32, extension: 1 })],
  prefetcht1: [legacy("M", [0x0f, 0x18], [read(memory)], { ...bits32, extension: 2 })],
  prefetchw: [legacy("M", [0x0f, 0x0d], [read(memory)], { ...bits32, extension: 1, feature: "3dnowprefetch" })],

  // Moves of vectors.
  vmovups: [
    evex("RM", [1, 0, 0, 0x10], "avx512f", [written, sourceOrMemory]),
    evex("MR", [1, 0, 0, 0x11], "avx512f", [write(maskableMemory), source]),
  ],
  vmovdqu16: [
    evex("RM", [1, 3, 1, 0x6f], "avx512bw", [written, sourceOrMemory]),
    evex("MR", [1, 3, 1, 0x7f], "avx512bw", [write(maskableMemory), source]),
  ],
  /** The lower 32 bits of a general register to a mask. */
  kmovd: [vex("RM", [1, 3, 0, 0x92], "avx512bw", [write(mask), read(notStackPointer)])],
  vzeroupper: [fixed([0xc5, 0xf8, 0x77], "avx")],

  // One element or quarter for all; of general registers the lowest 32 or 16 bits.
  vbroadcastss: [evex("RM", [2, 1, 0, 0x18], "avx512f", [written, read(memory)])],
  vbroadcasti32x4: [evex("RM", [2, 1, 0, 0x5a], "avx512f", [written, read(memory)])],
  vpbroadcastd: [evex("RM", [2, 1, 0, 0x7c], "avx512f", [written, read(notStackPointer)])],
  vpbroadcastw: [evex("RM", [2, 1, 0, 0x7b], "avx512bw", [written, read(notStackPointer)])],

  // Arithmetic of floats (ps) and doubles (pd).
  vaddps: [evex("RVM", [1, 0, 0, 0x58], "avx512f", [written, source, sourceOrMemory])],
  vaddpd: [evex("RVM", [1, 1, 1, 0x58], "avx512f", [written, source, sourceOrMemory])],
  vmulps: [evex("RVM", [1, 0, 0, 0x59], "avx512f", [written, source, sourceOrMemory])],
  vsubps: [evex("RVM", [1, 0, 0, 0x5c], "avx512f", [written, source, sourceOrMemory])],
  vdivps: [evex("RVM", [1, 0, 0, 0x5e], "avx512f", [written, source, sourceOrMemory])],
  vminps: [evex("RVM", [1, 0, 0, 0x5d], "avx512f", [written, source, sourceOrMemory])],
  vmaxps: [evex("RVM", [1, 0, 0, 0x5f], "avx512f", [written, source, sourceOrMemory])],
  vsqrtps: [evex("RM", [1, 0, 0, 0x51], "avx512f", [written, sourceOrMemory])],
  /** destination += first * second */
  vfmadd231ps: [evex("RVM", [2, 1, 0, 0xb8], "avx512f", [changed, source, sourceOrMemory])],
  /** destination = first * destination + second */
  vfmadd213ps: [evex("RVM", [2, 1, 0, 0xa8], "avx512f", [changed, source, sourceOrMemory])],

  // Conversions. Bfloat16 numbers are rounded to the nearest, ties to even.
  vcvtdq2ps: [evex("RM", [1, 0, 0, 0x5b], "avx512f", [written, sourceOrMemory])],
  vcvtps2pd: [evex("RM", [1, 0, 0, 0x5a], "avx512f", [written, read(orMemory(half))])],
  vcvtneps2bf16: [evex("RM", [2, 2, 0, 0x72], "avx512_bf16", [write(maskable(half)), sourceOrMemory])],
  /** Of floats of the second and then of the first. */
  vcvtne2ps2bf16: [evex("RVM", [2, 3, 0, 0x72], "avx512_bf16", [written, source, sourceOrMemory])],
  /** Words to doublewords, bytes to doublewords and bytes to words, with zeros. */
  vpmovzxwd: [evex("RM", [2, 1, 0, 0x33], "avx512f", [written, read(orMemory(half))])],
  vpmovzxbd: [evex("RM", [2, 1, 0, 0x31], "avx512f", [written, read(orMemory(quarter))])],
  vpmovzxbw: [evex("RM", [2, 1, 0, 0x30], "avx512bw", [written, read(orMemory(half))])],
  /** Doublewords to bytes and to words, cut off. */
  vpmovdb: [evex("MR", [2, 2, 0, 0x31], "avx512f", [write(maskableMemory), source])],
  vpmovdw: [evex("MR", [2, 2, 0, 0x33], "avx512f", [write(maskableMemory), source])],

  // Bits.
  vpord: [evex("RVM", [1, 1, 0, 0xeb], "avx512f", [written, source, sourceOrMemory])],
  vpxord: [evex("RVM", [1, 1, 0, 0xef], "avx512f", [written, source, sourceOrMemory])],
  vpslld: [evex("VMI", [1, 1, 0, 0x72], "avx512f", [written, sourceOrMemory, byte], { extension: 6 })],
  vpsrld: [evex("VMI", [1, 1, 0, 0x72], "avx512f", [written, sourceOrMemory, byte], { extension: 2 })],

  // Orders of elements. Unpacking works within each quarter.
  vpunpcklwd: [evex("RVM", [1, 1, 0, 0x61], "avx512bw", [written, source, sourceOrMemory])],
  vpunpckhwd: [evex("RVM", [1, 1, 0, 0x69], "avx512bw", [written, source, sourceOrMemory])],
  vpunpckldq: [evex("RVM", [1, 1, 0, 0x62], "avx512f", [written, source, sourceOrMemory])],
  vpunpckhdq: [evex("RVM", [1, 1, 0, 0x6a], "avx512f", [written, source, sourceOrMemory])],
  vpunpcklqdq: [evex("RVM", [1, 1, 1, 0x6c], "avx512f", [written, source, sourceOrMemory])],
  vpunpckhqdq: [evex("RVM", [1, 1, 1, 0x6d], "avx512f", [written, source, sourceOrMemory])],
  /** Quadwords, and words, of the second that the indices in the first choose. */
  vpermq: [evex("RVM", [2, 1, 1, 0x36], "avx512f", [written, source, sourceOrMemory])],
  vpermw: [evex("RVM", [2, 1, 1, 0x8d], "avx512bw", [written, source, sourceOrMemory])],
  vinserti64x4: [
    evex("RVMI", [3, 1, 1, 0x3a], "avx512f", [written, source, read(orMemory(half)), read(byteUpTo(1))], bits512),
  ],
  /** Two of the first's four quarters, then two of the second's. */
  vshufi32x4: [evex("RVMI", [3, 1, 0, 0x43], "avx512f", [written, source, sourceOrMemory, byte], bits512)],

  // Comparisons to a mask, by a predicate's number: of floats, and of words without a sign.
  vcmpps: [evex("RVMI", [1, 0, 0, 0xc2], "avx512f", [write(mask), source, sourceOrMemory, read(byteUpTo(31))])],
  vpcmpuw: [evex("RVMI", [3, 1, 1, 0x3e], "avx512bw", [write(mask), source, sourceOrMemory, read(byteUpTo(7))])],

  // AMX. Rows of a tile in memory are index * scale bytes apart.
  ldtilecfg: [vex("M", [2, 0, 0, 0x49], "amx_tile", [read(memory)])],
  tilerelease: [fixed([0xc4, 0xe2, 0x78, 0x49, 0xc0], "amx_tile")],
  tilezero: [vex("R", [2, 3, 0, 0x49], "amx_tile", [write(amxTile)])],
  tileloadd: [vex("RM", [2, 3, 0, 0x4b], "amx_tile", [write(amxTile), read(indexedMemory)])],
  tilestored: [vex("MR", [2, 2, 0, 0x4b], "amx_tile", [write(indexedMemory), read(amxTile)])],
  /** sum += products of pairs of bfloat16 numbers: sum[m][n] += first[m][k] * second[k / 2][n][k % 2]. */
  tdpbf16ps: [vex("RMV", [2, 2, 0, 0x5c], "amx_bf16", [readWrite(amxTile), read(amxTile), read(amxTile)], true)],
} as const;

/** The name of an instruction. */
export type Mnemonic = keyof typeof instructions;
/** All names, in the order of the table. */
export const mnemonics = Object.keys(instructions) as readonly Mnemonic[];

/** One method per instruction, with the operands of its forms. */
export type Instructions = {
  readonly [M in Mnemonic]: (...operands: TypesOf<(typeof instructions)[M][number]>) => void;
};

/** Predicates of `vcmpps`: equal, and greater; both false where an operand is not a number. */
export const floatPredicate = { equal: 0, greaterThan: 14 } as const;
/** Predicates of comparisons of integers. */
export const integerPredicate = { equal: 0, greaterThan: 6 } as const;
