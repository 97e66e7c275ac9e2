/** What lowering rules work with, and what they give. */
import type { GraphNode, Operation } from "../../../network/graph.ts";
import type { DataType } from "../library/constants.ts";
import type { Mode } from "../library/descriptors.ts";
import type { ParameterStore } from "../program/parameter-store.ts";
import type { Program } from "../program/program.ts";
import type { Value } from "../program/value.ts";
import type { Fusion } from "./fusion.ts";

/** What a rule works with: the same for all nodes of a plan, but for the mode. */
export interface LoweringContext {
  readonly program: Program;
  readonly store: ParameterStore;
  readonly batch: number;
  /** `inference` for frozen nodes that no gradient passes, whatever the plan is for. */
  readonly mode: Mode;
  /** The type of activations, their gradients and the weights that primitives read. */
  readonly type: DataType;
  /** To be called before each forward pass in training, with the number of updates done. */
  readonly beforeForward: ((updates: number) => void)[];
  /** Called once when all memory is there; what they give is to be called after each forward pass in training. */
  readonly afterForward: (() => (share?: number) => void)[];
}

/** What a rule is told of the node's place in the network. */
export interface NodeContext extends Fusion {
  readonly index: number;
  readonly seed: number;
  /** The network's logits come from this node, so they stay in f32. */
  readonly isOutput: boolean;
  /** For each input, whether its gradient is wanted. */
  readonly wantsGradient: readonly boolean[];
}

/** A lowered node: its output, and its backward pass. */
export interface Lowered {
  readonly output: Value;
  /** Appends the backward pass, given the gradient of the output; gives those of the inputs that want one. */
  backward(gradient: Value): readonly (Value | undefined)[];
  /** The same where two gradients reach the output, whose sum need not be formed before. */
  backwardOfSum?(first: Value, second: Value): readonly (Value | undefined)[];
}

/** How one kind of operation is lowered: appends its forward primitives, and says how to append its backward ones. */
export type LoweringRule<O extends Operation> = (
  context: LoweringContext,
  node: GraphNode<O>,
  inputs: readonly Value[],
  place: NodeContext,
) => Lowered;
