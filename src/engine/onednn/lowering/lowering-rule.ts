/** What lowering rules work with and give, and the steps that many of them share. */
import type { GraphNode, Operation } from "../../../network/graph.ts";
import type { DataType, ElementwiseAlgorithm } from "../library/constants.ts";
import type { Mode, PostOperation } from "../library/descriptors.ts";
import type { ParameterStore } from "../program/parameter-store.ts";
import type { Program } from "../program/program.ts";
import type { Value } from "../program/value.ts";
import type { Fusion } from "./fusion.ts";

/** What a rule works with; the same object serves all nodes of a plan. */
export interface LoweringContext {
  readonly program: Program;
  readonly store: ParameterStore;
  readonly batch: number;
  readonly mode: Mode;
  /** The type of activations, their gradients and the weights that primitives read. */
  readonly type: DataType;
  /** To be called before each forward pass in training, with the number of updates done. */
  readonly beforeForward: ((updates: number) => void)[];
  /** Called once when all memory is there; what they give is to be called after each forward pass in training. */
  readonly afterForward: (() => () => void)[];
}

export interface NodeContext extends Fusion {
  readonly index: number;
  readonly seed: number;
  /** The network's logits come from this node, so they stay in f32. */
  readonly isOutput: boolean;
  /** For each input, whether its gradient is wanted. */
  readonly wantsGradient: readonly boolean[];
}

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

export const reluPost = (relu: boolean): readonly PostOperation[] => (relu ? [{ kind: "relu" }] : []);

const inPlaceOf = (program: Program, value: Value): Value =>
  program.mayOverwrite(value) ? value : program.value(value.descriptor);

/** The gradient before an elementwise function, from that after it and from the function's `output`. */
export function elementwiseBackward(
  { program, mode }: LoweringContext,
  name: string,
  algorithm: ElementwiseAlgorithm,
  gradient: Value,
  output: Value,
): Value {
  const { descriptors } = program;
  const { descriptor } = output;
  const incoming = program.convert(name, gradient, descriptor);
  const result = inPlaceOf(program, incoming);
  const forward = descriptors.elementwise(algorithm, descriptor, mode);
  program.add(`${name} ${algorithm} backward`, descriptors.elementwiseBackward(algorithm, descriptor, forward), {
    destination: output,
    diffDestination: incoming,
    diffSource: result,
  });
  return result;
}

/** gradient where `output` is positive, else 0. */
export const maskByRelu = (context: LoweringContext, name: string, gradient: Value, output: Value): Value =>
  elementwiseBackward(context, name, "relu", gradient, output);

/** The same dimensions and layout in the plan's type; a copy where the type differs. */
export function toType({ program, type }: LoweringContext, name: string, value: Value): Value {
  const { dimensions } = value.descriptor;
  if (value.descriptor.type === type) return value;
  return program.convert(name, value, program.rowMajor(dimensions, type));
}

/** Row-major and two-dimensional: (batch, features). */
export function asVectors({ program, batch }: LoweringContext, name: string, value: Value): Value {
  const { dimensions, type } = value.descriptor;
  if (dimensions.length === 2) return value;
  const features = dimensions.slice(1).reduce((product, size) => product * size, 1);
  const plain = program.convert(name, value, program.rowMajor(dimensions, type));
  return program.view(plain, program.rowMajor([batch, features], type));
}

/** (batch, features) back to the feature maps that {@link asVectors} flattened. */
export function unflatten(
  { program }: LoweringContext,
  name: string,
  value: Value,
  dimensions: readonly number[],
): Value {
  const { type } = value.descriptor;
  const plain = program.convert(name, value, program.rowMajor(value.descriptor.dimensions, type));
  return program.view(plain, program.rowMajor(dimensions, type));
}

/** The sum of all gradients that reach one value, in the first one's layout. */
export function sumGradients({ program }: LoweringContext, name: string, gradients: readonly Value[]): Value {
  return gradients.reduce((sum, next) => {
    const { descriptor } = sum;
    const other = program.convert(name, next, descriptor);
    // The primitive may overwrite its first operand only.
    const [first, second] = !program.mayOverwrite(sum) && program.mayOverwrite(other) ? [other, sum] : [sum, other];
    const target = inPlaceOf(program, first);
    const add = program.descriptors.binary("add", descriptor, descriptor, descriptor, []);
    program.add(`${name} gradient sum`, add, { source: first, source1: second, destination: target });
    return target;
  });
}

/** The sum of two values, in the layout of the first, rectified or not. */
export function addition(
  context: LoweringContext,
  name: string,
  inputs: readonly Value[],
  relu: boolean,
  maskGradient = relu,
): Lowered {
  const { program } = context;
  const ranks = new Set(inputs.map((input) => input.descriptor.dimensions.length));
  const aligned = ranks.size > 1 ? inputs.map((input) => asVectors(context, name, input)) : inputs;
  const body = toType(context, name, aligned[0]!);
  const { descriptor } = body;
  const shortcut = program.convert(name, aligned[1]!, descriptor);
  const output = program.value(descriptor);
  const add = program.descriptors.binary("add", descriptor, descriptor, descriptor, reluPost(relu));
  program.add(`${name} forward`, add, { source: body, source1: shortcut, destination: output });
  return {
    output,
    backward(incoming) {
      const gradient = maskGradient ? maskByRelu(context, name, incoming, output) : incoming;
      return inputs.map((input) => {
        const { dimensions } = input.descriptor;
        const same = dimensions.length === gradient.descriptor.dimensions.length;
        const seen = same ? gradient : unflatten(context, name, gradient, dimensions);
        return { ...seen, shared: true };
      });
    },
  };
}
