/** Factors and terms of channels, by a primitive whose backward pass sums over everything else. */
import type { MemoryDescriptor } from "../../library/descriptors.ts";
import type { Value } from "../../program/value.ts";
import type { LoweringContext } from "../lowering-rule.ts";

/** Both directions of a scaling; the backward one writes the gradients of scale and shift where it is said, and gives that of the source. */
export interface Scaling {
  forward(source: Value): Value;
  backward(source: Value, gradient: Value, ofScale: Value, ofShift?: Value): Value;
}

/**
 * scale x + shift for each channel of maps, in their layout: batch normalisation by a mean of 0 and a deviation of 1, whose gradients of scale and shift
 * are sums over channels that nothing else gives as fast. Without a shift it is 0. Both are float32.
 */
export function scaling(
  { program, mode }: LoweringContext,
  name: string,
  data: MemoryDescriptor,
  scale: Value,
  shift?: Value,
): Scaling {
  const { descriptors } = program;
  const channels = data.dimensions[1]!;
  const constant = (number: number) =>
    program.once(`${number} of ${channels}`, () => {
      const { value, array } = program.host([channels]);
      array.fill(number);
      return value;
    });
  // Layouts in blocks have channels beyond the last, for which the variance is read as 0: an epsilon keeps them finite.
  const half = 0.5;
  const what = { data, epsilon: half, globalStatistics: true, fuseRelu: false };
  const primitive = descriptors.batchNormalization(what, mode);
  const terms = shift ?? constant(0);
  const common = { mean: constant(0), variance: constant(1 - half), scale };
  return {
    forward(source) {
      const output = program.value(data);
      program.add(`${name} scale forward`, primitive, { ...common, source, shift: terms, destination: output });
      return output;
    },
    backward(source, gradient, ofScale, ofShift = program.value(terms.descriptor)) {
      const inputGradient = program.value(data);
      program.add(`${name} scale backward`, descriptors.batchNormalizationBackward(what, primitive), {
        ...common,
        source,
        shift: descriptors.batchNormalizationBackwardReadsShift ? terms : undefined,
        diffDestination: program.convert(name, gradient, data),
        diffSource: inputGradient,
        diffScale: ofScale,
        diffShift: ofShift,
      });
      return inputGradient;
    },
  };
}
