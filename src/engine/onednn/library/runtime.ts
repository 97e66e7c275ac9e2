/** One oneDNN engine and stream: compiles and runs primitives, and knows the processor. */

import { EngineError } from "../../../errors.ts";
import { bindMath, type Pointer } from "../../../foreign/library.ts";
import { readString } from "../../../foreign/memory.ts";
import type { EngineDescription, Precision } from "../../engine.ts";
import { type DescriptorQuery, query } from "./constants.ts";
import { denormalFlusher } from "./denormals.ts";
import type { Descriptors, MemoryDescriptor, PrimitiveDescriptor } from "./descriptors.ts";
import { descriptors2 } from "./interface-2.ts";
import { descriptors3 } from "./interface-3.ts";
import { type KernelRunner, kernelRunner, runnersBy } from "./kernel-runner.ts";
import { loadNative } from "./native.ts";
import { processorMeans } from "./processor-means.ts";
import { bindCalls, checkStatus, UnimplementedError } from "./status.ts";

const CPU = 1;
const IN_ORDER = 1;

/** An engine of oneDNN with its stream: what compiles primitives and runs them. */
export interface Runtime {
  readonly description: EngineDescription;
  /** A fresh set of descriptors, for one plan. */
  descriptors(): Descriptors;
  /** What a primitive descriptor chose; undefined where it has no such tensor. */
  chosen(
    primitive: PrimitiveDescriptor,
    what: DescriptorQuery,
    template: Pick<MemoryDescriptor, "dimensions" | "type">,
  ): MemoryDescriptor | undefined;
  implementation(primitive: PrimitiveDescriptor): string;
  sameLayout(a: MemoryDescriptor, b: MemoryDescriptor): boolean;
  byteLength(descriptor: MemoryDescriptor): number;
  createMemory(descriptor: MemoryDescriptor, address: bigint): bigint;
  destroyMemory(memory: bigint): void;
  createPrimitive(descriptor: PrimitiveDescriptor): bigint;
  destroyPrimitive(primitive: bigint): void;
  /** Runs a primitive; `args` are `count` records of (int32 index, padding, pointer), 16 bytes each. Gives the status. */
  execute(primitive: bigint, count: number, args: Uint8Array): number;
  /** Runs kernels of our own, on Linux with AVX-512; undefined elsewhere. */
  readonly kernels: KernelRunner | undefined;
  /** The same where kernels for maps pay as well: with AMX, as they work on channels-last maps, the layout of its convolutions. */
  readonly mapKernels: KernelRunner | undefined;
  /** Runs primitives with denormal numbers treated as zero. */
  flushingDenormals(work: () => void): void;
  /** Waits until everything executed so far is done. */
  wait(): void;
}

/** @throws {@link EngineError} where the library cannot be had; the message says what to install */
function createRuntime(file: string | undefined, threads: number | undefined): Runtime {
  const library = loadNative(file, threads);
  const call = bindCalls(library);
  const engine = call.create("dnnl_engine_create", "iz", CPU, 0);
  const stream = call.create("dnnl_stream_create", "pu", engine, IN_ORDER);
  const queryMemory = library.bind("dnnl_primitive_desc_query_md", "p", "pii");
  const queryAny = library.bind("dnnl_primitive_desc_query", "i", "piip");
  const equal = library.bind("dnnl_memory_desc_equal", "i", "pp");
  const size = library.bind("dnnl_memory_desc_get_size", "z", "p");
  const destroyMemory = library.bind("dnnl_memory_destroy", "i", "p");
  const destroyPrimitive = library.bind("dnnl_primitive_destroy", "i", "p");
  const execute = library.bind("dnnl_primitive_execute", "i", "ppip");
  const wait = library.bind("dnnl_stream_wait", "i", "p");
  const byteLength = (pointer: Pointer) => Number(size(pointer));
  const { major, minor, patch } = library.version;

  const instructions = library.bind("dnnl_get_effective_cpu_isa", "i", "")() as number;
  const teamSize = Number(library.bind("omp_get_max_threads", "i", "")());
  const known = processorMeans(instructions);
  const makeDescriptors = () => (major === 2 ? descriptors2 : descriptors3)(library, engine);
  const runner = /^(AVX-512|AMX)/.test(known.instructionSet) ? kernelRunner(library, teamSize) : undefined;

  return {
    description: {
      name: "onednn",
      library: `oneDNN ${major}.${minor}.${patch} (${library.file})`,
      ...known,
      threads: teamSize,
      precisions: (["f32", "bf16"] as const).filter((precision) => computesIn(precision, makeDescriptors())),
    },
    ...runnersBy(runner),
    descriptors: makeDescriptors,
    chosen(primitive, what, { dimensions, type }) {
      const pointer = queryMemory(primitive, query[what], 0) as Pointer;
      return pointer === null || pointer === 0n || byteLength(pointer) === 0
        ? undefined
        : { dimensions, type, pointer };
    },
    implementation(primitive) {
      const slot = new BigUint64Array(1);
      checkStatus(queryAny(primitive, query.implementation, 0, slot), "dnnl_primitive_desc_query");
      return readString(slot[0]!);
    },
    sameLayout: (a, b) => equal(a.pointer, b.pointer) === 1,
    byteLength: ({ pointer }) => byteLength(pointer),
    createMemory: ({ pointer }, address) => call.create("dnnl_memory_create", "ppp", pointer, engine, address),
    destroyMemory: (memory) => void destroyMemory(memory),
    createPrimitive: (descriptor) => call.create("dnnl_primitive_create", "p", descriptor),
    destroyPrimitive: (primitive) => void destroyPrimitive(primitive),
    execute: (primitive, count, args) => execute(primitive, stream, count, args) as number,
    flushingDenormals: denormalFlusher(bindMath("fegetenv", "i", "p"), bindMath("fesetenv", "i", "p")),
    wait() {
      checkStatus(wait(stream), "dnnl_stream_wait");
    },
  };
}

/** Whether the library trains in a precision on this processor: on x86-64 it has bf16 from AVX-512 on, if `ONEDNN_MAX_CPU_ISA` allows that. */
function computesIn(precision: Precision, descriptors: Descriptors): boolean {
  const matrix = () => descriptors.memory([1, 1], precision, "any");
  const product = { source: matrix(), weights: matrix(), bias: undefined, destination: matrix() };
  try {
    descriptors.innerProductBackwardData(product, descriptors.innerProduct(product, "training", []));
    return true;
  } catch (error) {
    if (error instanceof UnimplementedError) return false;
    throw error;
  } finally {
    descriptors.dispose();
  }
}

const runtimes = new Map<string, Runtime>();

/** The process's runtime for a library file; made once. */
export function sharedRuntime(file: string | undefined, threads: number | undefined): Runtime {
  const key = file ?? "";
  const present = runtimes.get(key);
  if (present !== undefined) {
    if (threads !== undefined && present.description.threads !== threads) {
      throw new EngineError(
        `oneDNN already runs with ${present.description.threads} threads in this process; ${threads} cannot be had now`,
      );
    }
    return present;
  }
  const runtime = createRuntime(file, threads);
  runtimes.set(key, runtime);
  return runtime;
}
