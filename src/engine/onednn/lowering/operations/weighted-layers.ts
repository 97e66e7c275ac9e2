/** Convolutions and dense layers as primitives: the layers with a matrix of weights. */
import type { GraphNode } from "../../../../network/graph.ts";
import type { HeightWidth } from "../../../../network/layer.ts";
import type { ParameterRole } from "../../../../network/parameters.ts";
import type { DataType } from "../../library/constants.ts";
import type { Value } from "../../program/value.ts";
import { amxConvolution } from "../kernels/amx-convolution.ts";
import { kernelWeightGradient } from "../kernels/amx-weight-gradient.ts";
import { type Lowered, type LoweringContext, maskByRelu, type NodeContext, reluPost } from "../lowering-rule.ts";
import { primitiveWeightGradient } from "./weight-gradient-primitive.ts";

interface WeightedForward {
  readonly kind: "convolution" | "innerProduct";
  readonly weightDimensions: readonly number[];
  readonly outputDimensions: readonly number[];
  readonly stride: HeightWidth;
  readonly padding: HeightWidth;
  readonly hasBias: boolean;
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
  const shapes = (weightType: DataType, destinationType: DataType) => ({
    source: descriptors.memory(input.descriptor.dimensions, type, "any"),
    weights: descriptors.memory(weightDimensions, weightType, "any"),
    bias,
    destination: descriptors.memory(outputDimensions, destinationType, "any"),
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
  const sourceLayout = program.chosen(forward, "source", forwardShapes.source);
  const destinationLayout = program.chosen(forward, "destination", forwardShapes.destination);
  const chooseWeightGradient = () => {
    const maps = { source: sourceLayout, weights: weightDimensions, destination: destinationLayout };
    const byKernel =
      kind === "convolution" ? kernelWeightGradient(program, name, { ...maps, bias, stride, padding }) : undefined;
    if (byKernel !== undefined) return byKernel;
    const gradientShapes = shapes("f32", type);
    return primitiveWeightGradient(program, name, make.backwardWeights(gradientShapes, forward), gradientShapes);
  };
  const specOf = (role: ParameterRole) => node.parameters.find((spec) => spec.role === role)!;
  const weightGradient = mode === "training" && specOf("weight").trainable ? chooseWeightGradient() : undefined;

  const forwardWeights = program.chosen(forward, "weights", forwardShapes.weights);
  const weight = store.add(specOf("weight"), weightGradient?.layout ?? forwardWeights);
  const biasParameter = bias && store.add(specOf("bias"), bias);

  const appendWeightGradient = (source: Value, gradient: Value) => {
    if (weightGradient === undefined) return;
    const diffWeights = store.gradientShare(weight, weightGradient.layout);
    const diffBias = biasParameter && bias && store.gradientShare(biasParameter, bias);
    weightGradient.append({ source, gradient, diffWeights, diffBias });
    store.addGradientShare(weight, diffWeights);
    if (biasParameter) store.addGradientShare(biasParameter, diffBias);
  };

  const isPlain = kind === "convolution" && mode === "training" && !hasBias && !place.relu && !place.isOutput;
  const layer = { input: input.descriptor.dimensions, weights: weightDimensions, stride, padding };
  const convolution = isPlain ? amxConvolution(context, name, layer, weight) : undefined;
  if (convolution) {
    const source = program.convert(name, input, program.channelsLast(input.descriptor.dimensions, type));
    return {
      output: convolution.forward(source),
      backward(gradient) {
        const append = () => appendWeightGradient(source, gradient);
        if (place.wantsGradient[0]) return [convolution.backwardData(gradient, append)];
        append();
        return [undefined];
      },
    };
  }

  const source = program.convert(name, input, sourceLayout);
  const output = program.value(destinationLayout);
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
      appendWeightGradient(source, gradient);
      return [inputGradient];
    },
  };
}
