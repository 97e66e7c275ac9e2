/** The bytes of every instruction are those that GNU's assembler gave (scripts/references/machine_code.py). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type Address,
  type AmxTile,
  Assembler,
  type Condition,
  type General,
  k,
  type Label,
  type Mask,
  type Masking,
  predicate,
  tmm,
  type Vector,
  zmm,
} from "./assembler.ts";

const record: {
  readonly instructions: Readonly<Record<string, string>>;
  readonly loop: Readonly<Record<string, string>>;
} = JSON.parse(readFileSync(new URL("../../reference-numbers/machine-code.json", import.meta.url), "utf8"));

const generalNames = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "8", "9", "10", "11", "12", "13", "14", "15"];

function general(text: string): General {
  const code = generalNames.indexOf(text.replace(/^[re]|d$/g, ""));
  if (code < 0) throw new Error(`${text} is no register`);
  return { general: code };
}

function address(text: string): Address {
  const [, base, index, scale, displacement] = /^\[(\w+)(?:\+([a-z]\w+)\*(\d))?([+-]\d+)?\]$/.exec(text)!;
  return {
    base: general(base!),
    ...(index !== undefined && { index: general(index), scale: Number(scale) as 1 | 2 | 4 | 8 }),
    ...(displacement !== undefined && { displacement: Number(displacement) }),
  };
}

interface Operand {
  readonly text: string;
  readonly masking: Masking | undefined;
  readonly length: 256 | 512;
  general(): General;
  vector(): Vector;
  mask(): Mask;
  tile(): AmxTile;
  number(): number;
  memory(): Address;
  vectorOrMemory(): Vector | Address;
  generalOrMemory(): General | Address;
  generalMemoryOrNumber(): General | Address | number;
}

/** Such as `rax`, `zmm17{k3}{z}`, `[r12+rcx*4-64]` or `16`. */
function operand(whole: string): Operand {
  const [, text = "", mask, zero] = /^([^{]*)(?:\{k(\d)\})?(\{z\})?$/.exec(whole)!;
  const numbered = () => Number(/^(?:[xyz]mm|tmm|k)(\d+)$/.exec(text)![1]);
  const memory = text.startsWith("[");
  const parsed: Operand = {
    text,
    masking: mask === undefined ? undefined : { mask: k(Number(mask)), others: zero ? "zero" : "keep" },
    length: text.startsWith("zmm") ? 512 : 256,
    general: () => general(text),
    vector: () => zmm(numbered()),
    mask: () => k(numbered()),
    tile: () => tmm(numbered()),
    number: () => Number(text),
    memory: () => address(text),
    vectorOrMemory: () => (memory ? address(text) : zmm(numbered())),
    generalOrMemory: () => (memory ? address(text) : general(text)),
    generalMemoryOrNumber: () => (/^-?\d/.test(text) ? Number(text) : parsed.generalOrMemory()),
  };
  return parsed;
}

type Emit = (a: Assembler, ...operands: Operand[]) => void;

const options = ({ length, masking }: Operand) => ({ length, ...(masking && { masking }) });

const op =
  (name: Parameters<Assembler["op"]>[0]): Emit =>
  (a, to, first, second) =>
    a.op(name, to!.vector(), first!.vector(), second!.vectorOrMemory(), options(to!));

const convert =
  (name: Parameters<Assembler["convert"]>[0]): Emit =>
  (a, to, from) =>
    a.convert(name, to!.vector(), from!.vectorOrMemory(), options(to!));

const move =
  (name: Parameters<Assembler["move"]>[0]): Emit =>
  (a, to, from) => {
    const { length } = to!.text.startsWith("[") ? from! : to!;
    a.move(name, to!.vectorOrMemory(), from!.vectorOrMemory(), { ...options(to!), length });
  };

const shuffle =
  (name: Parameters<Assembler["shuffle"]>[0]): Emit =>
  (a, to, first, second, selector) =>
    a.shuffle(name, to!.vector(), first!.vector(), second!.vectorOrMemory(), selector!.number());

const compare =
  (name: Parameters<Assembler["compare"]>[0]): Emit =>
  (a, to, first, second, how) => {
    const { length } = first!;
    const code = how!.number();
    const greater = name === "vcmpps" ? 14 : 6;
    const names = Object.keys(predicate) as (keyof typeof predicate)[];
    const found = code === greater ? "greaterThan" : names.find((each) => predicate[each] === code)!;
    a.compare(name, to!.mask(), first!.vector(), second!.vectorOrMemory(), found, { length });
  };

const narrow =
  (name: Parameters<Assembler["narrow"]>[0]): Emit =>
  (a, to, from) =>
    a.narrow(name, to!.memory(), from!.vector(), to!.masking);

type WithIndex = Address & { readonly index: General };

type TableNames =
  | Parameters<Assembler["op"]>[0]
  | Parameters<Assembler["convert"]>[0]
  | Parameters<Assembler["move"]>[0]
  | Parameters<Assembler["shuffle"]>[0]
  | Parameters<Assembler["compare"]>[0]
  | Parameters<Assembler["narrow"]>[0];

/** Methods that are no instruction; the tests of kernels run them. */
type Helpers = "lock" | "finish" | "label" | "place" | "repeat" | "jump";
type Methods = Exclude<keyof Assembler, Helpers | "op" | "convert" | "move" | "shuffle" | "compare" | "narrow">;

/** Every instruction that there is, by type. */
const instructions: Readonly<Record<TableNames | Methods, Emit>> = {
  vaddps: op("vaddps"),
  vaddpd: op("vaddpd"),
  vmulps: op("vmulps"),
  vsubps: op("vsubps"),
  vdivps: op("vdivps"),
  vmaxps: op("vmaxps"),
  vfmadd231ps: op("vfmadd231ps"),
  vfmadd213ps: op("vfmadd213ps"),
  vpord: op("vpord"),
  vpxord: op("vpxord"),
  vpunpcklwd: op("vpunpcklwd"),
  vpunpckhwd: op("vpunpckhwd"),
  vpunpckldq: op("vpunpckldq"),
  vpunpckhdq: op("vpunpckhdq"),
  vpunpcklqdq: op("vpunpcklqdq"),
  vpunpckhqdq: op("vpunpckhqdq"),
  vcvtne2ps2bf16: op("vcvtne2ps2bf16"),
  vpermw: op("vpermw"),
  vpermq: op("vpermq"),
  vpmovzxwd: convert("vpmovzxwd"),
  vpmovzxbd: convert("vpmovzxbd"),
  vpmovzxbw: convert("vpmovzxbw"),
  vcvtdq2ps: convert("vcvtdq2ps"),
  vsqrtps: convert("vsqrtps"),
  vcvtps2pd: convert("vcvtps2pd"),
  vbroadcasti32x4: convert("vbroadcasti32x4"),
  vbroadcastss: convert("vbroadcastss"),
  vcvtneps2bf16: (a, to, from) => {
    const length = to!.text.startsWith("ymm") ? 512 : 256;
    a.convert("vcvtneps2bf16", to!.vector(), from!.vectorOrMemory(), { ...options(to!), length });
  },
  vmovups: move("vmovups"),
  vmovdqu16: move("vmovdqu16"),
  vinserti64x4: shuffle("vinserti64x4"),
  vshufi32x4: shuffle("vshufi32x4"),
  vcmpps: compare("vcmpps"),
  vpcmpuw: compare("vpcmpuw"),
  vpmovdb: narrow("vpmovdb"),
  vpmovdw: narrow("vpmovdw"),
  vpslld: (a, to, from, bits) => a.vpslld(to!.vector(), from!.vector(), bits!.number()),
  vpsrld: (a, to, from, bits) => a.vpsrld(to!.vector(), from!.vector(), bits!.number()),
  vpbroadcastd: (a, to, from) => a.vpbroadcastd(to!.vector(), from!.general()),
  vpbroadcastw: (a, to, from) => a.vpbroadcastw(to!.vector(), from!.general()),
  kmovd: (a, to, from) => a.kmovd(to!.mask(), from!.general()),
  vzeroupper: (a) => a.vzeroupper(),
  push: (a, register) => a.push(register!.general()),
  pop: (a, register) => a.pop(register!.general()),
  ret: (a) => a.ret(),
  call: (a, register) => a.call(register!.general()),
  div: (a, register) => a.div(register!.general()),
  mov: (a, to, from) =>
    a.mov(to!.generalOrMemory(), /^\d/.test(from!.text) ? BigInt(from!.text) : from!.generalOrMemory()),
  lea: (a, to, from) => a.lea(to!.general(), from!.memory()),
  add: (a, to, from) => a.add(to!.general(), from!.generalMemoryOrNumber()),
  sub: (a, to, from) => a.sub(to!.general(), from!.generalMemoryOrNumber()),
  cmp: (a, to, from) => a.cmp(to!.general(), from!.generalMemoryOrNumber()),
  xadd: (a, to, from) => a.xadd(to!.memory(), from!.general()),
  imul: (a, to, from) => a.imul(to!.general(), from!.generalOrMemory()),
  ldtilecfg: (a, from) => a.ldtilecfg(from!.memory()),
  prefetcht0: (a, from) => a.prefetcht0(from!.memory()),
  prefetcht1: (a, from) => a.prefetcht1(from!.memory()),
  prefetchw: (a, from) => a.prefetchw(from!.memory()),
  tilerelease: (a) => a.tilerelease(),
  tilezero: (a, tile) => a.tilezero(tile!.tile()),
  tileloadd: (a, tile, from) => a.tileloadd(tile!.tile(), from!.memory() as WithIndex),
  tilestored: (a, to, tile) => a.tilestored(to!.memory() as WithIndex, tile!.tile()),
  tdpbf16ps: (a, sum, first, second) => a.tdpbf16ps(sum!.tile(), first!.tile(), second!.tile()),
};

function emit(a: Assembler, text: string): void {
  const [, name, rest] = /^(\w+) ?(.*)$/.exec(text)!;
  const operands = rest === "" ? [] : rest!.split(", ").map(operand);
  instructions[name as keyof typeof instructions](a, ...operands);
}

const hexadecimal = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const nameOf = (text: string) => text.split(" ")[0]!;

describe("instructions have the bytes that GNU's assembler gives:", () => {
  test.each(Object.keys(instructions))("%s", (name) => {
    const texts = Object.keys(record.instructions).filter((text) => nameOf(text) === name);
    const assembled = texts.map((text) => {
      const a = new Assembler();
      emit(a, text);
      return [text, hexadecimal(a.finish())];
    });
    expect(texts.length).toBeGreaterThan(0);
    expect(assembled).toEqual(texts.map((text) => [text, record.instructions[text]]));
  });
});

const conditions: Readonly<Record<string, Condition | "always">> = {
  jmp: "always",
  je: "equal",
  jne: "notEqual",
  jl: "less",
  jge: "greaterOrEqual",
  jle: "lessOrEqual",
  jg: "greater",
};

describe("jumps", () => {
  test.each(Object.entries(record.loop))("go forward and back to labels", (text, bytes) => {
    const a = new Assembler();
    const labels = new Map<string, Label>();
    const label = (name: string) => {
      labels.set(name, labels.get(name) ?? a.label());
      return labels.get(name)!;
    };
    for (const line of text.split("\n")) {
      const [, place, instruction] = /^(?:(\w+): )?(.*)$/.exec(line)!;
      if (place !== undefined) a.place(label(place));
      const [name, target] = instruction!.split(" ");
      const condition = conditions[name!];
      if (condition === undefined) emit(a, instruction!);
      else a.jump(condition, label(target!));
    }
    expect(hexadecimal(a.finish())).toBe(bytes);
  });

  test("to a label that was not placed are refused", () => {
    const a = new Assembler();
    a.jump("always", a.label());
    expect(() => a.finish()).toThrow("not placed");
  });
});
