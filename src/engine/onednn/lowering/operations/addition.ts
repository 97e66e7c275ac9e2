/** Sums of two values, in the forward pass and of gradients. */

import type { Add } from "../../../../network/layer.ts";
import type { Value } from "../../program/value.ts";
import { asVectors, toType, unflatten } from "../layout.ts";
import type { Lowered, LoweringContext, LoweringRule } from "../lowering-rule.ts";
import { inPlaceOf, maskByRelu, reluPost } from "./elementwise.ts";

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
        const seen = unflatten(context, name, gradient, input.descriptor.dimensions);
        return { ...seen, shared: true };
      });
    },
  };
}

/** Lowers a sum of two values. */
export const add: LoweringRule<Add> = (context, { name }, inputs, place) =>
  addition(context, name, inputs, place.relu, place.maskGradient);
