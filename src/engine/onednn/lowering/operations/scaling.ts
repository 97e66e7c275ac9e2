/** Factors and terms of channels, by a primitive whose backward pass sums over everything else. */
import type { Value } from "../../program/value.ts";
import type { LoweringContext } from "../lowering-rule.ts";

/** What {@link scaled} gives, and its way back: the gradients of scale and shift are written where it is said. */
export interface Scaled {
  readonly output: Value;
  backward(gradient: Value, ofScale: Value, ofShift?: Value): Value;
}

/**
 * scale x + shift for each channel of maps, in their layout: batch normalisation by a mean of 0 and a deviation of 1, whose gradients of scale and shift
 * are sums over channels that nothing else gives as fast. Without a shift it is 0. Both are float32.
 */
export function scaled(
  { program, mode }: LoweringContext,
  name: string,
  source: Value,
  scale: Value,
  shift?: Value,
): Scaled {
  const data = source.descriptor;
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
  const forward = program.descriptors.batchNormalization(what, mode);
  const output = program.value(data);
  const terms = shift ?? constant(0);
  const common = { source, mean: constant(0), variance: constant(1 - half), scale };
  program.add(`${name} scale forward`, forward, { ...common, shift: terms, destination: output });
  return {
    output,
    backward(incoming, ofScale, ofShift = program.value(terms.descriptor)) {
      const inputGradient = program.value(data);
      program.add(`${name} scale backward`, program.descriptors.batchNormalizationBackward(what, forward), {
        ...common,
        shift: program.descriptors.normalizationBackwardReadsShift ? terms : undefined,
        diffDestination: program.convert(name, incoming, data),
        diffSource: inputGradient,
        diffScale: ofScale,
        diffShift: ofShift,
      });
      return inputGradient;
    },
  };
}
