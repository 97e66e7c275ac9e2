/** All parameters of a plan in one flat array, each in the layout of its gradient, and their way in and out. */

import type { ParameterSpec } from "../../../network/parameters.ts";
import type { Tensor, Tensors } from "../../../tensor.ts";
import { elements } from "../../../tensor.ts";
import { requireTensor } from "../../checks.ts";
import type { MemoryDescriptor } from "../library/descriptors.ts";
import { alignedBytes, roundUp } from "../library/memory.ts";
import { ParameterTransfer } from "./parameter-transfer.ts";
import type { Program } from "./program.ts";
import type { Value } from "./value.ts";

/** A region of the flat array: the elements [from, to). */
export interface Region {
  readonly from: number;
  readonly to: number;
}

/** A region that is trained. */
export interface TrainedRegion extends Region {
  /** Whether the optimizer's weight decay applies. */
  readonly decays: boolean;
  /** The factor of the sum of squares in the loss; 0 for none. */
  readonly l2: number;
}

/** A parameter as the primitives of a plan see it. */
export interface Parameter {
  readonly spec: ParameterSpec;
  /** In the primitive's own dimensions; the canonical tensor has the same elements in row-major order. */
  readonly value: Value;
  /** Undefined where nothing is trained. */
  readonly gradient: Value | undefined;
}

/** The parameters of one plan. */
export class ParameterStore {
  readonly #program: Program;
  readonly #training: boolean;
  readonly #transfer: ParameterTransfer;
  readonly #entries = new Map<string, Parameter>();
  readonly #working = new Map<string, Value>();
  readonly #written = new Set<string>();
  #order: readonly Parameter[] = [];
  #offsets = new Map<string, number>();

  constructor(program: Program, training: boolean) {
    this.#program = program;
    this.#training = training;
    this.#transfer = new ParameterTransfer(program);
  }

  /**
   * Registers a parameter in the layout in which it is kept (that of its gradient in training). Where it is registered
   * already, as by an earlier part of the batch, that one is given.
   */
  add(spec: ParameterSpec, descriptor: MemoryDescriptor): Parameter {
    const present = this.#entries.get(spec.name);
    if (present !== undefined) return present;
    const value = this.#program.value(descriptor);
    const gradient = this.#training && spec.trainable ? this.#program.value(descriptor) : undefined;
    const parameter = { spec, value, gradient };
    this.#entries.set(spec.name, parameter);
    return parameter;
  }

  /** The parameter in the type and layout that a primitive reads; converted once per pass, whatever the parts. */
  working({ spec, value }: Parameter, pass: "forward" | "backward", wanted: MemoryDescriptor): Value {
    const key = `${spec.name} ${pass}`;
    const present = this.#working.get(key);
    if (present !== undefined && this.#program.runtime.sameLayout(present.descriptor, wanted)) return present;
    const converted = this.#program.convert(spec.name, value, wanted);
    this.#working.set(key, converted);
    return converted;
  }

  /** Where a primitive shall write its share of a gradient: the gradient itself for the first, a sum's second term then. */
  gradientShare({ spec, gradient }: Parameter, descriptor: MemoryDescriptor): Value | undefined {
    if (gradient === undefined) return undefined;
    const direct = !this.#written.has(spec.name) && this.#program.runtime.sameLayout(gradient.descriptor, descriptor);
    return direct ? gradient : this.#program.value(descriptor);
  }

  /** Adds a share, once it is written, to the gradient. */
  addGradientShare({ spec, gradient }: Parameter, share: Value | undefined): void {
    if (gradient === undefined || share === undefined) return;
    const first = !this.#written.has(spec.name);
    this.#written.add(spec.name);
    const { descriptor } = gradient;
    if (share === gradient) return;
    if (first) {
      this.#program.convert(spec.name, share, descriptor, gradient);
      return;
    }
    const source1 = this.#program.convert(spec.name, share, descriptor);
    const add = this.#program.descriptors.binary("add", descriptor, descriptor, descriptor, []);
    this.#program.add(`${spec.name} gradient sum`, add, { source: gradient, source1, destination: gradient });
  }

  /**
   * Allocates the flat arrays and binds every parameter to its place: weights first, by their `l2`, then all else that is trained, running
   * statistics, and last whatever is frozen.
   */
  allocate() {
    const rank = ({ role, trainable }: ParameterSpec) => {
      if (role.startsWith("running")) return 2;
      if (this.#training && !trainable) return 3;
      return role === "weight" ? 0 : 1;
    };
    const l2Of = ({ l2 = 0 }: ParameterSpec) => l2;
    this.#order = [...this.#entries.values()].toSorted(
      (a, b) => rank(a.spec) - rank(b.spec) || l2Of(a.spec) - l2Of(b.spec),
    );
    const trained: TrainedRegion[] = [];
    let bytes = 0;
    const ends = [0, 0, 0, 0];
    for (const { spec, value } of this.#order) {
      this.#offsets.set(spec.name, bytes);
      const from = bytes / 4;
      bytes += roundUp(this.#program.runtime.byteLength(value.descriptor));
      ends.fill(bytes, rank(spec));
      if (rank(spec) > 1) continue;
      const [decays, l2, last] = [rank(spec) === 0, l2Of(spec), trained.at(-1)];
      const continues = last?.decays === decays && last.l2 === l2;
      if (continues) trained.pop();
      trained.push({ from: continues ? last.from : from, to: bytes / 4, decays, l2 });
    }
    const values = alignedBytes(bytes);
    const gradients = alignedBytes(this.#training ? ends[1]! : 0);
    for (const { spec, value, gradient } of this.#order) {
      this.#program.bind(value, this.#place(values, spec.name, value.descriptor));
      if (gradient) this.#program.bind(gradient, this.#place(gradients, spec.name, value.descriptor));
    }
    const running: Region = { from: ends[1]! / 4, to: ends[2]! / 4 };
    return { values, gradients, trained, running };
  }

  /** All parameters that have a gradient. */
  get trainable(): readonly (Parameter & { readonly gradient: Value })[] {
    return [...this.#entries.values()].flatMap(({ spec, value, gradient }) =>
      gradient === undefined ? [] : [{ spec, value, gradient }],
    );
  }

  /** Canonical tensors to the flat array `into`. */
  write(tensors: Tensors, into: Uint8Array, keys: readonly (readonly [key: string, name: string])[]): void {
    for (const [key, name] of keys) {
      const { spec, value } = this.#entries.get(name)!;
      const tensor = requireTensor(tensors, { name: key, shape: spec.shape });
      const canonical = alignedBytes(elements(spec.shape) * 4);
      new Float32Array(canonical.buffer, canonical.byteOffset, tensor.data.length).set(tensor.data);
      this.#transfer.run("in", value.descriptor, canonical, this.#place(into, name, value.descriptor));
    }
  }

  /** The flat array `from` to canonical tensors. */
  read(from: Uint8Array, keys: readonly (readonly [key: string, name: string])[]): Map<string, Tensor<Float32Array>> {
    return new Map(
      keys.map(([key, name]) => {
        const { spec, value } = this.#entries.get(name)!;
        const canonical = alignedBytes(elements(spec.shape) * 4);
        this.#transfer.run("out", value.descriptor, canonical, this.#place(from, name, value.descriptor));
        const data = new Float32Array(canonical.buffer, canonical.byteOffset, elements(spec.shape));
        return [key, { shape: spec.shape, data }];
      }),
    );
  }

  #place(flat: Uint8Array, name: string, descriptor: MemoryDescriptor): Uint8Array {
    const offset = this.#offsets.get(name)!;
    return flat.subarray(offset, offset + this.#program.runtime.byteLength(descriptor));
  }
}
