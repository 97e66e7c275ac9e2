/** A value in the type and the dimensions that an operation wants. */
import type { Value } from "../program/value.ts";
import type { Lowered, LoweringContext } from "./lowering-rule.ts";

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

/**
 * Lowers an operation on vectors as one on maps of one pixel, whose channels are the features. What lowering gives has the dimensions of the input
 * where these are such maps already, else two.
 */
export function asPixels(
  context: LoweringContext,
  name: string,
  input: Value,
  lower: (pixels: Value) => Lowered,
): Lowered {
  const { program, batch, type } = context;
  const { dimensions } = input.descriptor;
  if (dimensions.length === 4 && dimensions[2] === 1 && dimensions[3] === 1) return lower(toType(context, name, input));
  const vectors = asVectors(context, name, input);
  const features = vectors.descriptor.dimensions[1]!;
  const rows = program.rowMajor([batch, features], type);
  const pixels = program.channelsLast([batch, features, 1, 1], type);
  const toPixels = (value: Value) => program.view(program.convert(name, value, rows), pixels);
  const toRows = (value: Value) => program.view(program.convert(name, value, pixels), rows);
  const { output, backward } = lower(toPixels(vectors));
  return {
    output: toRows(output),
    backward: (gradient) =>
      backward(toPixels(gradient)).map((own) => own && unflatten(context, name, toRows(own), dimensions)),
  };
}

/** (batch, features) back to the feature maps that {@link asVectors} flattened; the same where it had nothing to flatten. */
export function unflatten(
  { program }: LoweringContext,
  name: string,
  value: Value,
  dimensions: readonly number[],
): Value {
  const { type, dimensions: own } = value.descriptor;
  if (dimensions.length === own.length) return value;
  const plain = program.convert(name, value, program.rowMajor(own, type));
  return program.view(plain, program.rowMajor(dimensions, type));
}
