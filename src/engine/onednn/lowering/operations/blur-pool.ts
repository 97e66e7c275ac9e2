/** Blur pooling: a convolution of each channel by itself whose weights are constants. */
import { type BlurPool, blurWeights, blurWindow } from "../../../../network/pooling.ts";
import type { LoweringRule } from "../lowering-rule.ts";

/** Lowers blur pooling. */
export const blurPool: LoweringRule<BlurPool> = (context, { name, operation, shape }, [input]) => {
  const { program, type, mode } = context;
  const { descriptors } = program;
  const { dimensions } = input!.descriptor;
  const [batch, channels] = dimensions as readonly [number, number];
  const { kernel, ...window } = blurWindow(operation);
  const filter = blurWeights(operation);
  const { value: constants, array } = program.host([channels, 1, 1, ...kernel]);
  array.set(Array.from({ length: channels }, () => filter).flat());
  const shapes = {
    source: descriptors.memory(dimensions, type, "any"),
    weights: descriptors.memory(constants.descriptor.dimensions, type, "any"),
    destination: descriptors.memory([batch, ...shape], type, "any"),
    bias: undefined,
    ...window,
  };
  const forward = descriptors.convolution(shapes, mode, []);
  const source = program.convert(name, input!, program.chosen(forward, "source", shapes.source));
  const output = program.value(program.chosen(forward, "destination", shapes.destination));
  const weights = program.convert(name, constants, program.chosen(forward, "weights", shapes.weights));
  program.add(`${name} forward`, forward, { source, weights, destination: output });
  return {
    output,
    backward(gradient) {
      const backward = descriptors.convolutionBackwardData(shapes, forward);
      const inputGradient = program.value(program.chosen(backward, "diffSource", shapes.source));
      const incoming = program.chosen(backward, "diffDestination", shapes.destination);
      program.add(`${name} backward data`, backward, {
        weights: program.convert(name, constants, program.chosen(backward, "weights", shapes.weights)),
        diffDestination: program.convert(name, gradient, incoming),
        diffSource: inputGradient,
      });
      return [inputGradient];
    },
  };
};
