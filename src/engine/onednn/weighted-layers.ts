/** Convolutions and dense layers as primitives: the layers with a matrix of weights. */
import type { GraphNode } from "../../network/graph.ts";
import type { Pair } from "../../network/layer.ts";
import type { ParameterRole } from "../../network/parameters.ts";
import type { DataType } from "./constants.ts";
import type { MemoryDescriptor } from "./descriptors.ts";
import { type Lowered, type LoweringContext, maskByRelu, type NodeContext, reluPost } from "./lowered.ts";
import type { Program, Value } from "./program.ts";
import { fastWidth } from "./weight-gradient-width.ts";

interface WeightedForward {
  readonly kind: "convolution" | "innerProduct";
  readonly weightDimensions: readonly number[];
  readonly outputDimensions: readonly number[];
  readonly stride: Pair;
  readonly padding: Pair;
  readonly hasBias: boolean;
}

const widened = (dimensions: readonly number[], columns: number): readonly number[] =>
  columns === 0 ? dimensions : dimensions.with(-1, dimensions.at(-1)! + columns);

/** `value` as {@link Program.convert} gives it, with columns of zeros on the right where `wanted` is wider. */
function convertWidened(program: Program, name: string, value: Value, wanted: MemoryDescriptor): Value {
  const { dimensions, type } = value.descriptor;
  if (dimensions.at(-1) === wanted.dimensions.at(-1)) return program.convert(name, value, wanted);
  const [, channels, height, width] = wanted.dimensions as readonly [number, number, number, number];
  // The layout of AMX's convolutions, in memory of its own, where the zeros stay.
  const strides = [height * width * channels, 1, width * channels, channels];
  const whole = program.persistent(program.descriptors.memory(wanted.dimensions, type, strides));
  const part = program.view(whole, program.descriptors.memory(dimensions, type, strides));
  program.convert(name, value, part.descriptor, part);
  return program.convert(name, whole, wanted);
}

/** Convolutions and dense layers: every primitive chooses its own layouts, the weights live in their gradient's. */
export function weighted(
  context: LoweringContext,
  node: GraphNode,
  input: Value,
  place: NodeContext,
  { kind, weightDimensions, outputDimensions, stride, padding, hasBias }: WeightedForward,
): Lowered {
  const { program, store, type, mode } = context;
  const { descriptors } = program;
  const { name } = node;
  const bias = hasBias ? program.rowMajor([outputDimensions[1]!], "f32") : undefined;
  const shapes = (weightType: DataType, destinationType: DataType, columns = 0) => ({
    source: descriptors.memory(widened(input.descriptor.dimensions, columns * stride[1]), type, "any"),
    weights: descriptors.memory(weightDimensions, weightType, "any"),
    bias,
    destination: descriptors.memory(widened(outputDimensions, columns), destinationType, "any"),
    stride,
    padding,
  });
  const make =
    kind === "convolution"
      ? {
          forward: descriptors.convolution,
          backwardData: descriptors.convolutionBackwardData,
          backwardWeights: descriptors.convolutionBackwardWeights,
        }
      : {
          forward: descriptors.innerProduct,
          backwardData: descriptors.innerProductBackwardData,
          backwardWeights: descriptors.innerProductBackwardWeights,
        };
  const forwardShapes = shapes(type, place.isOutput ? "f32" : type);
  const forward = make.forward(forwardShapes, mode, reluPost(place.relu));
  let gradientShapes = shapes("f32", type);
  let backwardWeights = mode === "training" ? make.backwardWeights(gradientShapes, forward) : undefined;
  const width = outputDimensions.at(-1)!;
  const takesTiles = backwardWeights !== undefined && /jit.*amx/.test(program.runtime.implementation(backwardWeights));
  if (kind === "convolution" && takesTiles && fastWidth(width) > width) {
    const columns = fastWidth(width) - width;
    gradientShapes = shapes("f32", type, columns);
    const hint = make.forward(shapes(type, type, columns), mode, []);
    backwardWeights = make.backwardWeights(gradientShapes, hint);
  }

  const specOf = (role: ParameterRole) => node.parameters.find((spec) => spec.role === role)!;
  const forwardWeights = program.chosen(forward, "weights", forwardShapes.weights);
  const weight = store.add(
    specOf("weight"),
    backwardWeights === undefined
      ? forwardWeights
      : program.chosen(backwardWeights, "diffWeights", gradientShapes.weights),
  );
  const biasParameter = bias && store.add(specOf("bias"), bias);

  const source = program.convert(name, input, program.chosen(forward, "source", forwardShapes.source));
  const output = program.value(program.chosen(forward, "destination", forwardShapes.destination));
  const working = store.working(weight, "forward", forwardWeights);
  program.add(`${name} forward`, forward, {
    source,
    weights: working,
    bias: biasParameter?.value,
    destination: output,
  });

  return {
    output,
    backward(incoming) {
      const gradient = place.maskGradient ? maskByRelu(context, name, incoming, output) : incoming;
      let inputGradient: Value | undefined;
      if (place.wantsGradient[0]) {
        // A matrix product reads its large matrix as well either way round: the forward copy serves again.
        const dataShapes = shapes(type, type);
        const weights = kind === "innerProduct" ? forwardWeights : dataShapes.weights;
        const backwardData = make.backwardData({ ...dataShapes, weights }, forward);
        const layout = program.chosen(backwardData, "weights", weights);
        inputGradient = program.value(program.chosen(backwardData, "diffSource", dataShapes.source));
        program.add(`${name} backward data`, backwardData, {
          weights: kind === "innerProduct" ? working : store.working(weight, "backward", layout),
          diffDestination: program.convert(
            name,
            gradient,
            program.chosen(backwardData, "diffDestination", dataShapes.destination),
          ),
          diffSource: inputGradient,
        });
      }
      if (backwardWeights !== undefined) {
        const chosen = program.chosen(backwardWeights, "diffWeights", gradientShapes.weights);
        const diffWeights = store.gradientShare(weight, chosen);
        const diffBias = biasParameter && bias && store.gradientShare(biasParameter, bias);
        const read = (value: Value, what: "source" | "diffDestination", template: MemoryDescriptor) =>
          convertWidened(program, name, value, program.chosen(backwardWeights, what, template));
        program.add(`${name} backward weights`, backwardWeights, {
          source: read(source, "source", gradientShapes.source),
          diffDestination: read(gradient, "diffDestination", gradientShapes.destination),
          diffWeights,
          diffBias,
        });
        store.addGradientShare(weight, diffWeights);
        if (biasParameter) store.addGradientShare(biasParameter, diffBias);
      }
      return [inputGradient];
    },
  };
}
