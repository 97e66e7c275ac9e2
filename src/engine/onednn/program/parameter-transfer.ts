/** Parameters between the layout in which a plan keeps them and the canonical one. */
import { addressOf } from "../../../foreign/memory.ts";
import { argument } from "../library/constants.ts";
import type { MemoryDescriptor } from "../library/descriptors.ts";
import { checkStatus } from "../library/status.ts";
import type { Program } from "./program.ts";

/** Into the plan, or out of it. */
export type Direction = "in" | "out";

/** A compiled reorder and the layouts of both sides. */
interface Reorder {
  readonly primitive: bigint;
  readonly source: MemoryDescriptor;
  readonly destination: MemoryDescriptor;
}

/** Carries parameters in and out of a plan; what it compiles for that is kept. */
export class ParameterTransfer {
  readonly #program: Program;
  readonly #reorders: { readonly [D in Direction]: Map<MemoryDescriptor, Reorder> } = { in: new Map(), out: new Map() };

  constructor(program: Program) {
    this.#program = program;
  }

  /** Reorders memory that is laid out as `kept` says from or to row-major memory. Each reorder is compiled once. */
  run(direction: Direction, kept: MemoryDescriptor, canonical: Uint8Array, place: Uint8Array): void {
    const { runtime } = this.#program;
    const { primitive, source, destination } = this.#reorder(direction, kept);
    const [from, to] = direction === "in" ? [canonical, place] : [place, canonical];
    const memories = [
      runtime.createMemory(source, addressOf(from)),
      runtime.createMemory(destination, addressOf(to)),
    ] as const;
    const records = BigUint64Array.of(BigInt(argument.source), memories[0], BigInt(argument.destination), memories[1]);
    runtime.flushingDenormals(() => {
      checkStatus(runtime.execute(primitive, 2, new Uint8Array(records.buffer)), "reorder of a parameter");
      runtime.wait();
    });
    for (const memory of memories) runtime.destroyMemory(memory);
  }

  #reorder(direction: Direction, kept: MemoryDescriptor): Reorder {
    const made = this.#reorders[direction];
    const present = made.get(kept);
    if (present !== undefined) return present;
    const plain = this.#program.rowMajor(kept.dimensions, "f32");
    const [source, destination] = direction === "in" ? [plain, kept] : [kept, plain];
    const primitive = this.#program.primitive(this.#program.descriptors.reorder(source, destination));
    const reorder = { primitive, source, destination };
    made.set(kept, reorder);
    return reorder;
  }
}
