/** Where the branches of a concatenation meet: each is copied into its part of the result, and its gradient out of it. */
import type { Join } from "../../../../network/layer.ts";
import type { MemoryDescriptor } from "../../library/descriptors.ts";
import type { Value } from "../../program/value.ts";
import { asVectors, unflatten } from "../layout.ts";
import type { LoweringContext, LoweringRule } from "../lowering-rule.ts";

/** The channels, or features, at which each of some results begins in all of them together. */
const startsOf = (counts: readonly number[]): readonly number[] =>
  counts.map((_, i) => counts.slice(0, i).reduce((sum, count) => sum + count, 0));

/** The parts of joined maps or vectors; undefined where the layout has none of that size. */
function partsOf({ program }: LoweringContext, whole: MemoryDescriptor, counts: readonly number[]) {
  const starts = startsOf(counts);
  const [batch, , ...extent] = whole.dimensions as readonly [number, number, ...number[]];
  const parts = counts.flatMap((count, i) => {
    const part = program.descriptors.part(whole, [batch, count, ...extent], [0, starts[i]!, ...extent.map(() => 0)]);
    return part === undefined ? [] : [part];
  });
  return parts.length === counts.length ? parts : undefined;
}

/** The layout in which a convolution would read such maps; a matrix of vectors row by row. */
function usualLayout({ program, type }: LoweringContext, dimensions: readonly number[]): MemoryDescriptor {
  if (dimensions.length === 2) return program.rowMajor(dimensions, type);
  const { descriptors } = program;
  const [, channels] = dimensions as readonly [number, number];
  const maps = descriptors.memory(dimensions, type, "any");
  const weights = descriptors.memory([channels, channels, 1, 1], type, "any");
  const shapes = {
    source: maps,
    weights,
    bias: undefined,
    destination: maps,
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
  } as const;
  return program.chosen(descriptors.convolution(shapes, "training", []), "source", maps);
}

/** Lowers a concatenation: in the usual layout of maps where every branch begins with a block of channels, else with the channels last. */
export const join: LoweringRule<Join> = (context, { name, shape, inputShapes }, inputs, place) => {
  const { program, batch, type } = context;
  const counts = inputShapes.map(([channels]) => channels!);
  const dimensions = [batch, ...shape];
  const isMap = shape.length > 1;
  const usual = usualLayout(context, dimensions);
  const descriptor = partsOf(context, usual, counts) ? usual : program.channelsLast(dimensions, type);
  const parts = partsOf(context, descriptor, counts)!;
  const output = program.value(descriptor);
  const seen = inputs.map((input) => (isMap ? input : asVectors(context, name, input)));
  for (const [i, input] of seen.entries()) {
    program.convert(`${name} branch ${i}`, input, parts[i]!, program.view(output, parts[i]!));
  }
  /** The gradient of a branch, in the layout of what it gave. */
  const gradientOf = (i: number, gradient: Value, part: MemoryDescriptor): Value => {
    const { descriptor } = seen[i]!;
    const result = program.value(descriptor.type === type ? descriptor : program.rowMajor(descriptor.dimensions, type));
    return program.convert(`${name} branch ${i} backward`, program.view(gradient, part), result.descriptor, result);
  };
  return {
    output,
    backward(incoming) {
      const direct = isMap ? partsOf(context, incoming.descriptor, counts) : undefined;
      const gradient = direct
        ? incoming
        : program.convert(name, isMap ? incoming : asVectors(context, name, incoming), descriptor);
      return inputs.map((input, i) => {
        if (!place.wantsGradient[i]) return undefined;
        const own = gradientOf(i, gradient, (direct ?? parts)[i]!);
        return unflatten(context, name, own, input.descriptor.dimensions);
      });
    },
  };
};
