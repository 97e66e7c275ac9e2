/** oneDNN's compiled primitives and its memory objects, which are made once for a program and freed with it. */
import type { PrimitiveDescriptor } from "../library/descriptors.ts";
import type { Runtime } from "../library/runtime.ts";
import type { Value } from "./value.ts";

/** The native objects of one program. */
export class NativeObjects {
  readonly #runtime: Runtime;
  readonly #primitives = new Map<PrimitiveDescriptor, bigint>();
  readonly #memories = new Map<Value, bigint>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The compiled primitive. */
  primitive(descriptor: PrimitiveDescriptor): bigint {
    const primitive = this.#primitives.get(descriptor) ?? this.#runtime.createPrimitive(descriptor);
    this.#primitives.set(descriptor, primitive);
    return primitive;
  }

  /** The memory object of a value, which lies at `address`. */
  memory(value: Value, address: bigint): bigint {
    const memory = this.#memories.get(value) ?? this.#runtime.createMemory(value.descriptor, address);
    this.#memories.set(value, memory);
    return memory;
  }

  dispose(): void {
    for (const primitive of this.#primitives.values()) this.#runtime.destroyPrimitive(primitive);
    for (const memory of this.#memories.values()) this.#runtime.destroyMemory(memory);
    this.#primitives.clear();
    this.#memories.clear();
  }
}
