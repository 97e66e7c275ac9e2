/** WebAssembly put together by hand: expressions nest as they do in WebAssembly's text format, and give bytes. */
import { InstallationError } from "../errors.ts";
import { needingMemory } from "../memory.ts";

/** Instructions in the binary format. */
export type Code = readonly number[];

/** What a compiled module is used through; the types of ECMAScript do not have it. */
declare const WebAssembly: {
  compile(code: Uint8Array): Promise<object>;
  Memory: new (size: { initial: number }) => WasmMemory;
  Module: new (code: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: { environment: { memory: WasmMemory } },
  ) => { readonly exports: Readonly<Record<string, (...values: number[]) => void>> };
};

/** The linear memory of a module. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

const unsigned = (value: number): Code => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);

const signed = (value: number): Code =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];

const simple =
  (operation: number) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), operation];

const vector =
  (operation: number) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), 0xfd, ...unsigned(operation)];

const vectorAccess =
  (operation: number) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), 0xfd, operation, 0, 0];

/** From an address and so many bytes further on. */
const vectorLoad =
  (operation: number) =>
  (address: Code, further = 0): Code => [...address, 0xfd, operation, 0, ...unsigned(further)];

const lanes =
  (operation: number) =>
  (bytes: readonly number[], ...operands: readonly Code[]): Code => [...operands.flat(), 0xfd, operation, ...bytes];

/** Instructions on 32-bit numbers. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: simple(0x6a),
  lessThan: simple(0x49),
  shiftLeft: simple(0x74),
  /** Four bytes at an address. */
  load: (address: Code): Code => [...address, 0x28, 0, 0],
};

/** Instructions on whole vectors. */
export const v128 = {
  load: vectorAccess(0),
  /** Eight bytes as eight 16-bit numbers. */
  load8x8u: vectorLoad(2),
  load32Splat: vectorAccess(9),
  /** Four bytes, and twelve of 0. */
  load32Zero: vectorAccess(92),
  /** Eight bytes, and eight of 0. */
  load64Zero: vectorLoad(93),
  /** Address, value. */
  store: vectorAccess(11),
  and: vector(78),
  or: vector(80),
};

/** Instructions on vectors of sixteen bytes. */
export const i8x16 = {
  const: (values: readonly number[]): Code => lanes(12)(values),
  /** Bytes chosen from two vectors, 0 to 15 from the first and 16 to 31 from the second. */
  shuffle: lanes(13),
  /** Bytes chosen from the first vector by the numbers in the second; 0 where there is none. */
  swizzle: vector(14),
  /** Two vectors of signed numbers, each limited to 0 to 255. */
  narrowUnsigned: vector(102),
};

/** Instructions on vectors of eight 16-bit numbers. */
export const i16x8 = {
  splat: vector(16),
  /** Two vectors of signed numbers, each limited to the signed ones of 16 bits. */
  narrowSigned: vector(133),
  /** The same for unsigned ones. */
  narrowUnsigned: vector(134),
  /** The first eight bytes as 16-bit numbers. */
  extendLowUnsigned: vector(137),
  /** The last eight. */
  extendHighUnsigned: vector(138),
  shiftLeft: vector(139),
  shiftRightUnsigned: vector(141),
  add: vector(142),
  sub: vector(145),
  mul: vector(149),
};

/** Instructions on vectors of four 32-bit numbers. */
export const i32x4 = {
  const: (values: readonly number[]): Code => lanes(12)([...new Uint8Array(Int32Array.from(values).buffer)]),
  splat: vector(17),
  /** The first four 16-bit numbers as 32-bit ones. */
  extendLowUnsigned: vector(169),
  extractLane: (lane: number, value: Code): Code => lanes(27)([lane], value),
  shiftLeft: vector(171),
  shiftRightSigned: vector(172),
  shiftRightUnsigned: vector(173),
  add: vector(174),
  sub: vector(177),
  mul: vector(181),
  minSigned: vector(182),
  maxSigned: vector(184),
  /** The sums of two neighbouring products each of signed 16-bit numbers. */
  dot: vector(186),
  /** All bits where the first is less. */
  lessThanSigned: vector(57),
  /** float32 without their fractions. */
  fromFloat: vector(248),
};

/** Instructions on vectors of four float32 numbers. */
export const f32x4 = {
  add: vector(228),
  mul: vector(230),
  div: vector(231),
  fromSigned: vector(250),
};

const types = { i32: 0x7f, v128: 0x7b } as const;

/** A variable of a function. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
  /** Sets it, and the value stays. */
  tee(value: Code): Code;
}

/** A function without a result. */
export interface WasmFunction {
  readonly parameters: number;
  readonly body: Code;
}

/** A function of as many whole numbers as `define` has parameters after the first, which makes further variables. */
export function wasmFunction(
  parameters: number,
  define: (variable: (type: keyof typeof types) => Local, ...parameters: readonly Local[]) => readonly Code[],
): WasmFunction {
  const variables: number[] = [];
  const local = (index: number): Local => ({
    get: [0x20, ...unsigned(index)],
    set: (value) => [...value, 0x21, ...unsigned(index)],
    tee: (value) => [...value, 0x22, ...unsigned(index)],
  });
  const code = define(
    (type) => local(parameters + variables.push(types[type]) - 1),
    ...Array.from({ length: parameters }, (_, i) => local(i)),
  ).flat();
  const declared = variables.flatMap((type) => [1, type]);
  return { parameters, body: [...unsigned(variables.length), ...declared, ...code, 0x0b] };
}

/** Does the instructions at least once, and again as long as the condition holds. */
export const repeat = (instructions: readonly Code[], condition: Code): Code => [
  ...[0x03, 0x40],
  ...instructions.flat(),
  ...condition,
  ...[0x0d, 0, 0x0b],
];

const vectorOf = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
const text = (value: string): Code => vectorOf(Array.from(value, (letter) => [letter.charCodeAt(0)]));

/** V8 reserves 10 GiB of addresses for each memory, whatever its size, which a limit on them forbids (`ulimit -v`). */
const addressSpaceCure =
  "limit the process's memory by a cgroup and not by its addresses (ulimit -v unlimited), or set NODE_OPTIONS=--disable-wasm-trap-handler, " +
  "which needs no more addresses than memory";

/** Throws {@link InstallationError} in a process that was started without WebAssembly. */
function refuseWithoutWebAssembly(): void {
  if (typeof WebAssembly === "undefined") {
    throw new InstallationError("this process has no WebAssembly, which naevus needs; start Node without --jitless");
  }
}

/** Compiles code for whoever does so next, which V8 then need not do again. Rejects where it is damaged, or without WebAssembly. */
export async function compileAhead(code: Uint8Array): Promise<void> {
  refuseWithoutWebAssembly();
  await WebAssembly.compile(code);
}

/** What functions work in, and how they are called. */
export interface Instance<K extends string> {
  readonly memory: ArrayBuffer;
  readonly call: Readonly<Record<K, (...values: number[]) => void>>;
}

/** Compiles functions; what this returns gives them a memory of so many bytes of their own. */
export function compileFunctions<K extends string>(
  functions: Readonly<Record<K, WasmFunction>>,
): (bytes: number) => Instance<K> {
  refuseWithoutWebAssembly();
  const entries = Object.entries<WasmFunction>(functions);
  const code = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      vectorOf(entries.map(([, { parameters }]) => [0x60, ...vectorOf(Array(parameters).fill([types.i32])), 0])),
    ),
    ...section(2, vectorOf([[...text("environment"), ...text("memory"), 0x02, 0x00, 0]])),
    ...section(3, vectorOf(entries.map((_, i) => unsigned(i)))),
    ...section(7, vectorOf(entries.map(([name], i) => [...text(name), 0x00, ...unsigned(i)]))),
    ...section(10, vectorOf(entries.map(([, { body }]) => [...unsigned(body.length), ...body]))),
  ]);
  const module = new WebAssembly.Module(code);
  return (bytes) => {
    const memory = needingMemory(`a WebAssembly memory of ${Math.ceil(bytes / 2 ** 20)} MiB`, addressSpaceCure, () => {
      return new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) });
    });
    const { exports } = new WebAssembly.Instance(module, { environment: { memory } });
    return { memory: memory.buffer, call: exports as Instance<K>["call"] };
  };
}

/** Compiles functions that work in a memory of `bytes` of their own. */
export const instantiate = <K extends string>(
  functions: Readonly<Record<K, WasmFunction>>,
  bytes: number,
): Instance<K> => compileFunctions(functions)(bytes);
