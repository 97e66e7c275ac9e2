/** Functions of single values and their gradients: rectifiers and sigmoids. */
import type { ElementwiseAlgorithm } from "../../library/constants.ts";
import type { PostOperation } from "../../library/descriptors.ts";
import type { Program } from "../../program/program.ts";
import type { Value } from "../../program/value.ts";
import { toType } from "../layout.ts";
import type { Lowered, LoweringContext } from "../lowering-rule.ts";

/** A rectifier as part of the primitive before it, where one follows. */
export const reluPost = (relu: boolean): readonly PostOperation[] => (relu ? [{ kind: "relu" }] : []);

/** The memory of a value where nothing else needs what it holds, else memory like it. */
export const inPlaceOf = (program: Program, value: Value): Value =>
  program.mayOverwrite(value) ? value : program.value(value.descriptor);

/** The gradient before an elementwise function, from that after it and from the function's `output`. */
function elementwiseBackward(
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

/** The function of every value, by a primitive of its own. */
export function elementwise(
  context: LoweringContext,
  name: string,
  algorithm: ElementwiseAlgorithm,
  input: Value,
): Lowered {
  const { program, mode } = context;
  const source = toType(context, name, input);
  const { descriptor } = source;
  const output = program.value(descriptor);
  const forward = program.descriptors.elementwise(algorithm, descriptor, mode);
  program.add(`${name} forward`, forward, { source, destination: output });
  return { output, backward: (gradient) => [elementwiseBackward(context, name, algorithm, gradient, output)] };
}
