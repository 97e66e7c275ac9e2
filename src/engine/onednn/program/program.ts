/** A static program of oneDNN primitives: values, instructions and one arena in which values share memory over time. */

import { addressOf } from "../../../foreign/memory.ts";
import { type Kernel, taskList } from "../../x64/kernels/task-kernel.ts";
import { argument, bytesPerElement, type DataType } from "../library/constants.ts";
import type { Descriptors, MemoryDescriptor, PrimitiveDescriptor } from "../library/descriptors.ts";
import { alignedBytes, roundUp } from "../library/memory.ts";
import type { Runtime } from "../library/runtime.ts";
import { checkStatus } from "../library/status.ts";

/** A stretch of memory. Persistent storage is its own; the rest is laid out in the arena when the program is sealed. */
interface Storage {
  readonly bytes: number;
  array: Uint8Array | undefined;
  firstUse: number;
  lastUse: number;
  offset: number;
}

/** A tensor that instructions read or write. */
export interface Value {
  readonly descriptor: MemoryDescriptor;
  readonly storage: Storage;
  /** Where in the storage it begins, in bytes; default 0. */
  readonly offset?: number;
  /** More than one reader may still need what it holds: it must not be overwritten in place. */
  readonly shared?: boolean;
}

/** Gives the address of a value's first byte, or of the byte at `offset` from there. */
export type Locate = (value: Value, offset?: number) => bigint;

/** What kernels and calculations read and write, for the arena's layout and for profiles. */
interface Access {
  readonly reads: readonly Value[];
  readonly writes: readonly Value[];
}

interface PrimitiveInstruction {
  readonly kind: "primitive";
  readonly label: string;
  readonly descriptor: PrimitiveDescriptor;
  readonly args: readonly (readonly [index: number, value: Value])[];
}

interface KernelInstruction extends Access {
  readonly kind: "kernel";
  readonly label: string;
  readonly kernel: Kernel;
  readonly tasks: (locate: Locate) => readonly (readonly (bigint | number)[])[];
}

interface Calculation extends Access {
  readonly kind: "calculation";
  readonly label: string;
  readonly prepare: () => () => void;
}

type Instruction = PrimitiveInstruction | KernelInstruction | Calculation;

/** Instructions that are put off until something reads what they write, so that a kernel may do their work on its way. */
export interface Deferred {
  readonly kind: string;
  /** What they read, as far as others write or overwrite it. */
  readonly reads: readonly Value[];
  /** Adds them. */
  emit(): void;
}

/** Which instructions to run: those added between two marks. */
export interface Section {
  readonly from: number;
  readonly to: number;
}

/** What one instruction is, for profiles. */
export interface InstructionInfo {
  readonly label: string;
  readonly implementation: string;
  /** Of every tensor that is read and every one that is written. */
  readonly bytes: number;
}

const writtenArguments: ReadonlySet<number> = new Set([
  argument.destination,
  argument.diffSource,
  argument.diffWeights,
  argument.diffBias,
  argument.diffScale,
  argument.diffShift,
]);

export const rowMajorStrides = (dimensions: readonly number[]): number[] => {
  const strides = dimensions.map(() => 1);
  for (let axis = dimensions.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * dimensions[axis + 1]!;
  return strides;
};

export class Program {
  readonly runtime: Runtime;
  readonly descriptors: Descriptors;
  readonly #instructions: Instruction[] = [];
  #storages: Storage[] = [];
  readonly #deferred = new Map<Storage, Deferred>();
  readonly #made = new Map<string, unknown>();
  #executables: (() => void)[] = [];
  #primitives: bigint[] = [];
  #memories: bigint[] = [];
  #arenaBytes = 0;
  // Keeps the arena and all persistent storage alive: native code knows them only by address.
  #arena: Uint8Array | undefined;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    this.descriptors = runtime.descriptors();
  }

  /** The number of instructions so far. */
  get mark(): number {
    return this.#instructions.length;
  }

  /** Bytes of the memory that values share over time. */
  get arenaBytes(): number {
    return this.#arenaBytes;
  }

  rowMajor(dimensions: readonly number[], type: DataType): MemoryDescriptor {
    return this.descriptors.memory(dimensions, type, rowMajorStrides(dimensions));
  }

  /** (batch, channels, height, width) in the order batch, height, width, channels. */
  channelsLast(dimensions: readonly number[], type: DataType): MemoryDescriptor {
    const [, channels, height, width] = dimensions as readonly [number, number, number, number];
    return this.descriptors.memory(dimensions, type, [height * width * channels, 1, width * channels, channels]);
  }

  /** Whether memory of four dimensions is laid out as {@link channelsLast}. */
  isChannelsLast(descriptor: MemoryDescriptor): boolean {
    return this.runtime.sameLayout(descriptor, this.channelsLast(descriptor.dimensions, descriptor.type));
  }

  /** A value in the arena, alive from the first to the last instruction that names it. */
  value(descriptor: MemoryDescriptor): Value {
    return { descriptor, storage: this.#storage(this.runtime.byteLength(descriptor), undefined) };
  }

  /** A value in memory that JavaScript can see and that keeps its contents. */
  persistent(descriptor: MemoryDescriptor, bytes = alignedBytes(this.runtime.byteLength(descriptor))): Value {
    return { descriptor, storage: this.#storage(bytes.byteLength, bytes) };
  }

  /** Gives a value that was made by {@link value} memory of its own. */
  bind({ storage }: Value, bytes: Uint8Array): void {
    storage.array = bytes;
  }

  /** What `make` gives, made once per key. */
  once<T>(key: string, make: () => T): T {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key) as T;
  }

  /** Row-major memory that JavaScript writes or reads, with its typed array. */
  host(dimensions: readonly number[]): { readonly value: Value; readonly array: Float32Array } {
    const value = this.persistent(this.rowMajor(dimensions, "f32"));
    return { value, array: floats(value) };
  }

  /** The same memory, or the part of it from `offset` bytes on, seen under another descriptor. */
  view(value: Value, descriptor: MemoryDescriptor, offset = 0): Value {
    return { ...value, descriptor, offset: (value.offset ?? 0) + offset };
  }

  add(
    label: string,
    descriptor: PrimitiveDescriptor,
    args: Readonly<Partial<Record<keyof typeof argument, Value | undefined>>>,
    postOperands: readonly (readonly [index: number, value: Value])[] = [],
  ): void {
    const named = Object.entries(args).flatMap(([name, value]) =>
      value === undefined ? [] : [[argument[name as keyof typeof argument], value] as const],
    );
    const posts = postOperands.map(([index, value]) => [this.descriptors.postOperationArgument(index), value] as const);
    const all = [...named, ...posts];
    this.#push(
      { kind: "primitive", label, descriptor, args: all },
      all.map(([, value]) => value),
    );
  }

  /** A kernel of our own; the runtime must have a runner for it. */
  addKernel(label: string, kernel: Kernel, { reads, writes }: Access, tasks: KernelInstruction["tasks"]): void {
    this.#push({ kind: "kernel", label, kernel, tasks, reads, writes }, [...reads, ...writes]);
  }

  /** Work in JavaScript on persistent values: what `prepare` gives, which is called once, when all memory is there. */
  addCalculation(label: string, { reads, writes }: Access, prepare: () => () => void): void {
    this.#push({ kind: "calculation", label, prepare, reads, writes }, [...reads, ...writes]);
  }

  /** Puts off the work that writes `values` until one of them is read, or {@link takeDeferred} gives it away. */
  defer(values: readonly Value[], work: Deferred): void {
    for (const { storage } of values) this.#deferred.set(storage, work);
  }

  /** Whether a value has no reader left but the caller, so that its memory may be written to. */
  mayOverwrite({ storage, shared }: Value): boolean {
    const awaited = [...this.#deferred.values()].some(({ reads }) => reads.some((value) => value.storage === storage));
    return !shared && !awaited;
  }

  /** The work of a kind that was put off and writes `value`, which is the caller's to do now. */
  takeDeferred<Work extends Deferred>({ storage }: Value, kind: Work["kind"]): Work | undefined {
    const work = this.#deferred.get(storage);
    if (work?.kind !== kind) return undefined;
    this.#forget(work);
    return work as Work;
  }

  /** Adds all work that is still put off. */
  addDeferred(): void {
    for (const work of new Set(this.#deferred.values())) this.#addNow(work);
  }

  /** `value` in the wanted type and layout: itself where it already is, else a reordered copy (into `into` if given). */
  convert(label: string, value: Value, wanted: MemoryDescriptor, into?: Value): Value {
    if (into === undefined && this.runtime.sameLayout(value.descriptor, wanted)) return value;
    const target = into ?? this.value(wanted);
    const reorder = this.descriptors.reorder(value.descriptor, target.descriptor);
    this.add(`${label} reorder`, reorder, { source: value, destination: target });
    return target;
  }

  /** What a descriptor chose for one of its tensors; throws where it has none. */
  chosen(primitive: PrimitiveDescriptor, what: Parameters<Runtime["chosen"]>[1], template: MemoryDescriptor) {
    const descriptor = this.runtime.chosen(primitive, what, template);
    if (descriptor === undefined) throw new Error(`primitive without ${what}`);
    return descriptor;
  }

  /** The workspace that a forward primitive leaves for its backward one, where it does. */
  workspace(primitive: PrimitiveDescriptor): Value | undefined {
    const descriptor = this.runtime.chosen(primitive, "workspace", { dimensions: [], type: "u8" });
    return descriptor === undefined ? undefined : this.value(descriptor);
  }

  /** Lays the arena out and compiles every instruction. Nothing can be added afterwards. */
  seal(): void {
    this.#arenaBytes = layOut(this.#storages.filter(({ array, lastUse }) => array === undefined && lastUse >= 0));
    this.#arena = alignedBytes(this.#arenaBytes);
    const base = addressOf(this.#arena);
    const locate: Locate = ({ storage, offset = 0 }, further = 0) => {
      const start = storage.array === undefined ? base + BigInt(storage.offset) : addressOf(storage.array);
      return start + BigInt(offset + further);
    };
    const memories = new Map<Value, bigint>();
    const memoryOf = (value: Value) => {
      const memory = memories.get(value) ?? this.runtime.createMemory(value.descriptor, locate(value));
      memories.set(value, memory);
      return memory;
    };
    const primitives = new Map<PrimitiveDescriptor, bigint>();
    const primitiveOf = (descriptor: PrimitiveDescriptor) => {
      const primitive = primitives.get(descriptor) ?? this.runtime.createPrimitive(descriptor);
      primitives.set(descriptor, primitive);
      return primitive;
    };
    this.#executables = this.#instructions.map((instruction) => {
      if (instruction.kind === "calculation") return instruction.prepare();
      if (instruction.kind === "kernel") {
        const kernels = this.runtime.kernels!;
        const code = kernels.load(instruction.kernel);
        const tasks = taskList(instruction.tasks(locate));
        return () => kernels.run(code, tasks);
      }
      const { label, descriptor, args } = instruction;
      const records = new Uint8Array(
        BigUint64Array.from(args.flatMap(([index, value]) => [BigInt(index), memoryOf(value)])).buffer,
      );
      const primitive = primitiveOf(descriptor);
      return () => {
        const status = this.runtime.execute(primitive, args.length, records);
        if (status !== 0) checkStatus(status, `${label}: dnnl_primitive_execute`);
      };
    });
    this.#memories = [...memories.values()];
    this.#primitives = [...primitives.values()];
  }

  run({ from, to }: Section): void {
    this.runtime.flushingDenormals(() => {
      for (let i = from; i < to; i++) this.#executables[i]!();
      this.runtime.wait();
    });
  }

  info(index: number): InstructionInfo {
    const instruction = this.#instructions[index]!;
    const bytesOf = (values: readonly Value[]) =>
      [...new Set(values)].reduce((sum, value) => sum + this.runtime.byteLength(value.descriptor), 0);
    const { reads, writes } = accessOf(instruction);
    // A tensor that is changed in place is read and written; one that is both operands is read once.
    return {
      label: instruction.label,
      implementation: this.#implementation(instruction),
      bytes: bytesOf(reads) + bytesOf(writes),
    };
  }

  #implementation(instruction: Instruction): string {
    if (instruction.kind === "primitive") return this.runtime.implementation(instruction.descriptor);
    return instruction.kind === "kernel" ? `kernel: ${instruction.kernel.name}` : "JavaScript";
  }

  dispose(): void {
    for (const primitive of this.#primitives) this.runtime.destroyPrimitive(primitive);
    for (const memory of this.#memories) this.runtime.destroyMemory(memory);
    this.descriptors.dispose();
    this.#executables = [];
    this.#primitives = [];
    this.#memories = [];
    this.#storages = [];
    this.#arena = undefined;
  }

  #addNow(work: Deferred): void {
    this.#forget(work);
    work.emit();
  }

  #forget(work: Deferred): void {
    for (const [storage, present] of this.#deferred) if (present === work) this.#deferred.delete(storage);
  }

  #push(instruction: Instruction, values: readonly Value[]): void {
    for (const { storage } of values) {
      const work = this.#deferred.get(storage);
      if (work) this.#addNow(work);
    }
    for (const { storage } of values) {
      storage.firstUse = Math.min(storage.firstUse, this.mark);
      storage.lastUse = Math.max(storage.lastUse, this.mark);
    }
    this.#instructions.push(instruction);
  }

  #storage(bytes: number, array: Uint8Array | undefined): Storage {
    const storage = { bytes, array, firstUse: Number.POSITIVE_INFINITY, lastUse: -1, offset: 0 };
    this.#storages.push(storage);
    return storage;
  }
}

function accessOf(instruction: Instruction): Access {
  if (instruction.kind !== "primitive") return instruction;
  const tensors = (written: boolean) =>
    instruction.args.filter(([index]) => writtenArguments.has(index) === written).map(([, value]) => value);
  return { reads: tensors(false), writes: tensors(true) };
}

/** The persistent storage of a value as floats. */
export function floats({ storage: { array } }: Value): Float32Array {
  if (array === undefined) throw new Error("only persistent storage can be seen from JavaScript");
  return asFloats(array);
}

/** The same memory as floats. */
export const asFloats = ({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array =>
  new Float32Array(buffer, byteOffset, byteLength / bytesPerElement.f32);

/**
 * Between two storages. Maps of a power of two of bytes, one right after the other, would have their pixels in the same sets of the cache;
 * measured with AMX: a step of resnet18-w32 takes 3 % less.
 */
const GAP = 13 * 4096 + 256;

/** Gives storages offsets such that no two alive at the same time overlap, largest first; returns the bytes needed. */
function layOut(storages: readonly Storage[]): number {
  const placed: Storage[] = [];
  let total = 0;
  for (const storage of storages.toSorted((a, b) => b.bytes - a.bytes)) {
    const rivals = placed
      .filter((other) => other.firstUse <= storage.lastUse && storage.firstUse <= other.lastUse)
      .sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (offset + storage.bytes + GAP <= rival.offset) break;
      offset = Math.max(offset, roundUp(rival.offset + rival.bytes + GAP));
    }
    storage.offset = offset;
    placed.push(storage);
    total = Math.max(total, offset + roundUp(storage.bytes));
  }
  return total;
}
