/** A value in the type and the dimensions that an operation wants. */
import type { Value } from "../program/value.ts";
import type { LoweringContext } from "./lowering-rule.ts";

/** The same dimensions and layout in the plan's type; a copy where the type differs. */
export function toType(
  { program, type }: Pick<LoweringContext, "program" | "type">,
  name: string,
  value: Value,
): Value {
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
