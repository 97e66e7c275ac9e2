/** A complete program as functions that only execute: everything that they need was made before. */
import { addressOf } from "../../../foreign/memory.ts";
import { taskList } from "../../x64/kernels/task-kernel.ts";
import { alignedBytes } from "../library/memory.ts";
import type { Runtime } from "../library/runtime.ts";
import { checkStatus } from "../library/status.ts";
import type { ArenaLayout } from "./arena.ts";
import type { Instruction, Section } from "./instruction.ts";
import type { NativeObjects } from "./native-objects.ts";
import type { Locate } from "./value.ts";

type Compile<K extends Instruction["kind"]> = (
  instruction: Extract<Instruction, { kind: K }>,
  tools: { readonly runtime: Runtime; readonly natives: NativeObjects; readonly locate: Locate },
) => () => void;

const compilers: { readonly [K in Instruction["kind"]]: Compile<K> } = {
  primitive({ label, descriptor, args }, { runtime, natives, locate }) {
    const records = new Uint8Array(
      BigUint64Array.from(args.flatMap(([index, value]) => [BigInt(index), natives.memory(value, locate(value))]))
        .buffer,
    );
    const primitive = natives.primitive(descriptor);
    const count = args.length;
    return () => {
      const status = runtime.execute(primitive, count, records);
      if (status !== 0) checkStatus(status, `${label}: dnnl_primitive_execute`);
    };
  },
  kernel({ kernel, tasks }, { runtime, locate }) {
    const runner = runtime.kernels!;
    const code = runner.load(kernel);
    const list = taskList(tasks(locate));
    return () => runner.run(code, list);
  },
  calculation: ({ prepare }) => prepare(),
};

/** A compiled program, any section of which can be run. */
export class Executable {
  readonly arenaBytes: number;
  readonly #runtime: Runtime;
  #steps: readonly (() => void)[];
  // Native code knows the arena only by address: this keeps it alive.
  #arena: Uint8Array | undefined;

  /** Compiles every instruction, over memory that is laid out as said. */
  constructor(
    runtime: Runtime,
    instructions: readonly Instruction[],
    { bytes, offsets }: ArenaLayout,
    natives: NativeObjects,
  ) {
    this.#runtime = runtime;
    this.arenaBytes = bytes;
    this.#arena = alignedBytes(bytes);
    const base = addressOf(this.#arena);
    const locate: Locate = ({ storage, offset = 0 }, further = 0) => {
      const start = storage.array === undefined ? base + BigInt(offsets.get(storage)!) : addressOf(storage.array);
      return start + BigInt(offset + further);
    };
    const tools = { runtime, natives, locate };
    this.#steps = instructions.map((instruction) =>
      (compilers[instruction.kind] as Compile<Instruction["kind"]>)(instruction, tools),
    );
  }

  run({ from, to }: Section): void {
    this.#runtime.flushingDenormals(() => {
      for (let i = from; i < to; i++) this.#steps[i]!();
      this.#runtime.wait();
    });
  }

  /** Lets go of all memory. Nothing can be run afterwards. */
  dispose(): void {
    this.#steps = [];
    this.#arena = undefined;
  }
}
