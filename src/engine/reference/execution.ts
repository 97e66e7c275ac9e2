/** The arrays of one graph at one batch size, and a walk forward and backward over its nodes. */
import { type Graph, type GraphNode, INPUT } from "../../network/graph.ts";
import type { Tensors } from "../../tensor.ts";
import { elements } from "../../tensor.ts";
import { checkInput, requireTensor } from "../checks.ts";
import type { InputBatch } from "../engine.ts";
import type { ByRole, Maps, Pullback } from "./rule.ts";
import { run } from "./rules.ts";

/** A graph with its arrays, which runs forward, then backward. */
export class Execution {
  readonly graph: Graph;
  readonly batch: number;
  /** Every parameter by name, running statistics included. */
  readonly parameters: ReadonlyMap<string, Float64Array>;
  readonly #roles: readonly ByRole[];
  readonly #input: Float64Array;
  readonly #outputs: readonly Float64Array[];
  #pullbacks: readonly Pullback[] = [];

  constructor(graph: Graph, batch: number) {
    this.graph = graph;
    this.batch = batch;
    this.parameters = new Map(graph.parameters.map(({ name, shape }) => [name, new Float64Array(elements(shape))]));
    this.#roles = graph.nodes.map((node) => byRole(node, this.parameters));
    this.#input = new Float64Array(batch * elements(graph.inputShape));
    this.#outputs = graph.nodes.map(({ shape }) => new Float64Array(batch * elements(shape)));
  }

  /** Of the input and all outputs. */
  get activationBytes(): number {
    return [this.#input, ...this.#outputs].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  setParameters(tensors: Tensors): void {
    const sources = this.graph.parameters.map((spec) => requireTensor(tensors, spec));
    this.graph.parameters.forEach(({ name }, i) => {
      this.parameters.get(name)!.set(sources[i]!.data);
    });
  }

  /** The logits; `dropout` is (seed, updates done) in training and undefined in evaluation. */
  forward(input: InputBatch, dropout?: readonly [seed: number, update: number]): Float64Array {
    const { graph, batch } = this;
    checkInput(graph, batch, input);
    if (graph.inputType === "uint8") channelsFirst(input, graph.inputShape as Maps, this.#input);
    else this.#input.set(input);
    this.#pullbacks = graph.nodes.map((node, index) =>
      run({
        node,
        batch,
        inputs: node.inputs.map((source) => (source === INPUT ? this.#input : this.#outputs[source]!)),
        output: this.#outputs[index]!,
        parameters: this.#roles[index]!,
        training: dropout !== undefined && !node.frozen,
        dropoutPath: [...(dropout ?? [0, 0]), index] as const,
      }),
    );
    return this.#outputs.at(-1)!;
  }

  /**
   * Backward from the logits' gradient, after a forward pass.
   *
   * @param gradients receives the gradient of every parameter in it; a node that passes a gradient on must have all of its own there
   * @param inputGradient receives the input's, where given
   */
  backward(
    logitsGradient: Float64Array,
    gradients: ReadonlyMap<string, Float64Array>,
    inputGradient: Float64Array | undefined,
  ): void {
    const { nodes } = this.graph;
    for (const gradient of gradients.values()) gradient.fill(0);
    inputGradient?.fill(0);
    // Nothing before the first parameters that have one needs a gradient, unless the input does.
    const outputGradients: (Float64Array | undefined)[] = [];
    const gradientOf = (source: number) => (source === INPUT ? inputGradient : outputGradients[source]);
    nodes.forEach(({ inputs, parameters, frozen }, index) => {
      const needed = (parameters.length > 0 && !frozen) || inputs.some((source) => gradientOf(source) !== undefined);
      outputGradients.push(needed ? new Float64Array(this.#outputs[index]!.length) : undefined);
    });
    outputGradients.at(-1)?.set(logitsGradient);
    for (let index = nodes.length - 1; index >= 0; index--) {
      const gradient = outputGradients[index];
      if (!gradient) continue;
      const node = nodes[index]!;
      this.#pullbacks[index]!(gradient, node.inputs.map(gradientOf), byRole(node, gradients));
    }
  }
}

const byRole = ({ parameters }: GraphNode, arrays: ReadonlyMap<string, Float64Array>): ByRole =>
  Object.fromEntries(
    parameters.flatMap(({ name, role }) => {
      const array = arrays.get(name);
      return array ? [[role, array]] : [];
    }),
  );

/** (batch, height, width, channels) to (batch, channels, height, width). */
function channelsFirst(bytes: ArrayLike<number>, [channels, height, width]: Maps, out: Float64Array): void {
  const area = height * width;
  for (let i = 0; i < bytes.length; i++) {
    const pixel = Math.floor(i / channels);
    const image = Math.floor(pixel / area);
    out[(image * channels + (i % channels)) * area + (pixel % area)] = bytes[i]!;
  }
}
