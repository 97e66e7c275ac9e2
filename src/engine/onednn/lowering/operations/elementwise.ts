/** Functions of single values and their gradients, by primitives of their own. */
import type { Elementwise, PostOperation } from "../../library/descriptors.ts";
import type { Program } from "../../program/program.ts";
import type { Value } from "../../program/value.ts";
import type { LoweringContext } from "../lowering-rule.ts";

/** max(x, alpha x) */
export const rectifier = (alpha: number): Elementwise => ({
  algorithm: "relu",
  alpha,
  beta: 0,
  gradientFrom: "destination",
});

/** A rectifier as part of the primitive before it, where one follows. */
export const reluPost = (relu: boolean): readonly PostOperation[] => (relu ? [{ kind: "relu" }] : []);

/** The memory of a value where nothing else needs what it holds, else memory like it. */
export const inPlaceOf = (program: Program, value: Value): Value =>
  program.mayOverwrite(value) ? value : program.value(value.descriptor);

/** The function of every value. */
export function elementwiseForward(
  { program, mode }: LoweringContext,
  name: string,
  what: Elementwise,
  source: Value,
): Value {
  const { descriptor } = source;
  const destination = program.value(descriptor);
  program.add(`${name} forward`, program.descriptors.elementwise(what, descriptor, mode), { source, destination });
  return destination;
}

/** The gradient before an elementwise function, from that after it and what the function read or gave, whichever its gradient is from. */
export function elementwiseBackward(
  { program, mode }: LoweringContext,
  name: string,
  what: Elementwise,
  gradient: Value,
  kept: Value,
): Value {
  const { descriptors } = program;
  const incoming = program.convert(name, gradient, kept.descriptor);
  const result = inPlaceOf(program, incoming);
  // Of maps whose blocks of channels are filled up with zeros oneDNN computes this gradient by plain loops. As a list of numbers they need none: zeros stay zeros.
  const asNumbers = (value: Value): Value => (what.algorithm === "hardSwish" ? allNumbers(program, value) : value);
  const numbers = asNumbers(kept);
  const forward = descriptors.elementwise(what, numbers.descriptor, mode);
  const backward = descriptors.elementwiseBackward(what, numbers.descriptor, forward);
  program.add(`${name} ${what.algorithm} backward`, backward, {
    [what.gradientFrom]: numbers,
    diffDestination: asNumbers(incoming),
    diffSource: asNumbers(result),
  });
  return result;
}

/** The whole memory of a value, whatever its layout. */
function allNumbers(program: Program, value: Value): Value {
  const { type } = value.descriptor;
  const [bytes, bytesEach] = [value.descriptor, program.rowMajor([1], type)].map((of) =>
    program.runtime.byteLength(of),
  );
  return program.view(value, program.rowMajor([bytes! / bytesEach!], type));
}

/** gradient where `output` is positive, else 0. */
export const maskByRelu = (context: LoweringContext, name: string, gradient: Value, output: Value): Value =>
  elementwiseBackward(context, name, rectifier(0), gradient, output);
