/** Luminance of colours: a 1x1 convolution whose weights are constants. */
import type { Luminance } from "../../../../network/layer.ts";
import { luminanceWeights } from "../../../../network/luminance.ts";
import type { LoweringRule } from "../lowering-rule.ts";

/** Lowers luminance, which has no gradient, as it is made of bytes. */
export const luminance: LoweringRule<Luminance> = (context, { name, shape }, [input]) => {
  const { program, type } = context;
  const { descriptors } = program;
  const { dimensions } = input!.descriptor;
  const { value: weights, array } = program.host([1, luminanceWeights.length, 1, 1]);
  array.set(luminanceWeights);
  const shapes = {
    source: descriptors.memory(dimensions, type, "any"),
    weights: descriptors.memory(weights.descriptor.dimensions, type, "any"),
    destination: descriptors.memory([dimensions[0]!, ...shape], type, "any"),
    bias: undefined,
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
  } as const;
  const forward = descriptors.convolution(shapes, "inference", []);
  const output = program.value(program.chosen(forward, "destination", shapes.destination));
  program.add(`${name} forward`, forward, {
    source: program.convert(name, input!, program.chosen(forward, "source", shapes.source)),
    weights: program.convert(name, weights, program.chosen(forward, "weights", shapes.weights)),
    destination: output,
  });
  return { output, backward: () => [undefined] };
};
