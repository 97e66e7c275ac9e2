/** What the reference engine's rule for one kind of operation is: it computes forward and returns how to go back. */
import type { GraphNode, Operation } from "../../network/graph.ts";
import type { ParameterRole } from "../../network/parameters.ts";

/** One array for each of a node's parameters. */
export type ByRole = { readonly [R in ParameterRole]?: Float64Array };

/** One node's forward pass over a batch; arrays are (batch, ...shape), row-major. */
export interface Pass<O extends Operation = Operation> {
  readonly node: GraphNode<O>;
  readonly batch: number;
  readonly inputs: readonly Float64Array[];
  /** To be overwritten. */
  readonly output: Float64Array;
  /** In training, batch normalisation moves its running statistics. */
  readonly parameters: ByRole;
  readonly training: boolean;
  readonly dropoutPath: readonly [seed: number, update: number, node: number];
}

/**
 * Adds to the gradients of the inputs (undefined where nobody asks for one) and of the trainable parameters, given the
 * gradient of the output.
 */
export type Pullback = (
  gradient: Float64Array,
  inputGradients: readonly (Float64Array | undefined)[],
  parameterGradients: ByRole,
) => void;

/** Runs an operation forward into its output, and gives its way back. */
export type Rule<O extends Operation> = (pass: Pass<O>) => Pullback;

/** A feature map's shape. */
export type Maps = readonly [channels: number, height: number, width: number];
