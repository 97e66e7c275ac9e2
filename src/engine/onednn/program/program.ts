/** Builds a static program: values, and the instructions that read and write them, in the order in which they will run. */
import type { Kernel } from "../../x64/kernels/task-kernel.ts";
import { argument, type DataType } from "../library/constants.ts";
import type { Descriptors, MemoryDescriptor, PrimitiveDescriptor } from "../library/descriptors.ts";
import { alignedBytes } from "../library/memory.ts";
import type { Runtime } from "../library/runtime.ts";
import { layOutArena } from "./arena.ts";
import { type Deferred, DeferredWork } from "./deferred-work.ts";
import { Executable } from "./executable.ts";
import {
  type Access,
  accessOf,
  type Instruction,
  type InstructionInfo,
  instructionInfo,
  type TaskMaker,
} from "./instruction.ts";
import { NativeObjects } from "./native-objects.ts";
import { floats, rowMajorStrides, type Storage, type Value } from "./value.ts";

/** A program that is being built, until it is compiled. */
export class Program {
  readonly runtime: Runtime;
  readonly descriptors: Descriptors;
  readonly #instructions: Instruction[] = [];
  // Native code knows persistent storage only by address: this keeps it alive, too.
  #storages: Storage[] = [];
  readonly #deferred = new DeferredWork();
  readonly #made = new Map<string, unknown>();
  readonly #natives: NativeObjects;
  #executable: Executable | undefined;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    this.descriptors = runtime.descriptors();
    this.#natives = new NativeObjects(runtime);
  }

  /** The number of instructions so far. */
  get mark(): number {
    return this.#instructions.length;
  }

  rowMajor(dimensions: readonly number[], type: DataType): MemoryDescriptor {
    return this.descriptors.memory(dimensions, type, rowMajorStrides(dimensions));
  }

  /** (batch, channels, height, width) in the order batch, height, width, channels. */
  channelsLast(dimensions: readonly number[], type: DataType): MemoryDescriptor {
    const [, channels, height, width] = dimensions as readonly [number, number, number, number];
    return this.descriptors.memory(dimensions, type, [height * width * channels, 1, width * channels, channels]);
  }

  /** (batch, channels, height, width) in blocks of 16 channels: batch, blocks, height, width, 16. */
  channelBlocks(dimensions: readonly number[], type: DataType): MemoryDescriptor {
    return this.descriptors.memory(dimensions, type, "channelBlocks");
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
    this.#push({ kind: "primitive", label, descriptor, args: all });
  }

  /** A kernel of our own; the runtime must have a runner for it. */
  addKernel(label: string, kernel: Kernel, { reads, writes }: Access, tasks: TaskMaker): void {
    this.#push({ kind: "kernel", label, kernel, tasks, reads, writes });
  }

  /** Work in JavaScript on persistent values: what `prepare` gives, which is called once, when all memory is there. */
  addCalculation(label: string, { reads, writes }: Access, prepare: () => () => void): void {
    this.#push({ kind: "calculation", label, prepare, reads, writes });
  }

  /** Puts off the work that writes `values` until one of them is read, or {@link takeDeferred} gives it away. */
  defer(values: readonly Value[], work: Deferred): void {
    this.#deferred.add(values, work);
  }

  /** Whether a value has no reader left but the caller, so that its memory may be written to. */
  mayOverwrite({ storage, shared }: Value): boolean {
    return !shared && !this.#deferred.awaits(storage);
  }

  /** The work of a kind that was put off and writes `value`, which is the caller's to do now. */
  takeDeferred<Work extends Deferred>(value: Value, kind: Work["kind"]): Work | undefined {
    return this.#deferred.take<Work>(value, kind);
  }

  /** Adds all work that is still put off. */
  addDeferred(): void {
    this.#deferred.emitAll();
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

  /** The compiled primitive, made once and freed with the program. */
  primitive(descriptor: PrimitiveDescriptor): bigint {
    return this.#natives.primitive(descriptor);
  }

  /** Lays the arena out and compiles every instruction. Nothing can be added afterwards. */
  compile(): Executable {
    const layout = layOutArena(this.#storages, this.#instructions);
    this.#executable = new Executable(this.runtime, this.#instructions, layout, this.#natives);
    return this.#executable;
  }

  /** Bytes of all memory that is not in the arena, but for what lies in `others`. */
  persistentBytes(others: readonly Uint8Array[]): number {
    const buffers = new Set(others.map(({ buffer }) => buffer));
    return this.#storages.reduce(
      (sum, { array, bytes }) => sum + (array === undefined || buffers.has(array.buffer) ? 0 : bytes),
      0,
    );
  }

  info(index: number): InstructionInfo {
    return instructionInfo(this.runtime, this.#instructions[index]!);
  }

  /** Frees what oneDNN made for the program, and its memory. It cannot be run afterwards. */
  dispose(): void {
    this.#executable?.dispose();
    this.#natives.dispose();
    this.descriptors.dispose();
    this.#storages = [];
  }

  #push(instruction: Instruction): void {
    const { reads, writes } = accessOf(instruction);
    this.#deferred.emitWritersOf([...reads, ...writes]);
    this.#instructions.push(instruction);
  }

  #storage(bytes: number, array: Uint8Array | undefined): Storage {
    const storage = { bytes, array };
    this.#storages.push(storage);
    return storage;
  }
}
