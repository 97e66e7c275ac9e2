/** The gradient of a layer's weights by oneDNN's primitive, which chooses the layouts. */
import type { Convolution, PrimitiveDescriptor } from "../../library/descriptors.ts";
import type { Program } from "../../program/program.ts";
import type { WeightGradient } from "../weight-gradient.ts";

/** `shapes` are those that the primitive was made from. */
export function primitiveWeightGradient(
  program: Program,
  name: string,
  primitive: PrimitiveDescriptor,
  shapes: Pick<Convolution, "source" | "weights" | "destination">,
): WeightGradient {
  const layout = program.chosen(primitive, "diffWeights", shapes.weights);
  return {
    layout,
    append({ source, gradient, diffWeights, diffBias }) {
      program.add(`${name} backward weights`, primitive, {
        source: program.convert(name, source, program.chosen(primitive, "source", shapes.source)),
        diffDestination: program.convert(
          name,
          gradient,
          program.chosen(primitive, "diffDestination", shapes.destination),
        ),
        diffWeights,
        diffBias,
      });
    },
  };
}
