/** Convolutions and dense layers: the layers with a matrix of weights. */
import type { GraphNode } from "../../../../network/graph.ts";
import type { Dense, HeightWidth, ResolvedConv2d, Sides } from "../../../../network/layer.ts";
import type { ParameterRole } from "../../../../network/parameters.ts";
import { reachOf } from "../../../../network/windows.ts";
import type { DataType } from "../../library/constants.ts";
import type { PrimitiveDescriptor } from "../../library/descriptors.ts";
import type { Value } from "../../program/value.ts";
import { byKernel } from "../kernels/kernel-table.ts";
import type { WeightedKind } from "../kernels/sites.ts";
import type { Lowered, LoweringContext, LoweringRule, NodeContext } from "../lowering-rule.ts";
import type { WeightGradient } from "../weight-gradient.ts";
import { maskByRelu, reluPost } from "./elementwise.ts";
import { harmonicWeight } from "./harmonic-weight.ts";
import { primitiveWeightGradient } from "./weight-gradient-primitive.ts";

interface WeightedLayer {
  readonly kind: WeightedKind;
  readonly weightDimensions: readonly number[];
  readonly outputDimensions: readonly number[];
  readonly stride: HeightWidth;
  readonly padding: Sides;
  readonly dilation: HeightWidth;
  readonly hasBias: boolean;
}

/** Appends the gradient of weights and bias, from what the layer read and the gradient of what it gave. */
type AppendWeightGradient = (source: Value, gradient: Value) => void;

/** A layer that is about to be lowered by primitives: its shapes, its forward one and its parameters. */
type Weighted = ReturnType<typeof prepare>;

/** Every primitive chooses its own layouts, the weights live in their gradient's. */
function weighted(
  context: LoweringContext,
  node: GraphNode,
  input: Value,
  place: NodeContext,
  layer: WeightedLayer,
): Lowered {
  const { name } = node;
  const { program, type } = context;
  const { kind, weightDimensions: weights, stride, padding, dilation, hasBias } = layer;
  const prepared = prepare(context, node, input, place, layer);
  const { weight, appendWeightGradient } = prepared;
  const { dimensions } = input.descriptor;
  const { relu, isOutput } = place;
  const window = { stride, padding, dilation };
  const layerSite = { name, kind, input: dimensions, weights, ...window, hasBias, weight, relu, isOutput };
  // A kernel reads its weights as the parameter is laid out, which those of a harmonic convolution are not.
  const isHarmonic = weight.spec.harmonics !== undefined;
  const convolution = isHarmonic ? undefined : byKernel("convolution", { ...context, ...layerSite });
  if (convolution === undefined) return byPrimitives(context, name, input, place, prepared);
  const source = program.convert(name, input, program.channelsLast(dimensions, type));
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

/** Configures the forward primitive, chooses how the weights' gradient is computed, and registers the parameters. */
function prepare(
  context: LoweringContext,
  node: GraphNode,
  input: Value,
  place: NodeContext,
  { kind, weightDimensions, outputDimensions, stride, padding, dilation, hasBias }: WeightedLayer,
) {
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
    dilation,
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
  const source = program.chosen(forward, "source", forwardShapes.source);
  const destination = program.chosen(forward, "destination", forwardShapes.destination);
  const chooseWeightGradient = (): WeightGradient => {
    const gradientShapes = shapes("f32", type);
    let made: PrimitiveDescriptor | undefined;
    const primitive = () => (made ??= make.backwardWeights(gradientShapes, forward));
    const maps = { source, weights: weightDimensions, destination };
    const implementation = () => program.runtime.implementation(primitive());
    const window = { stride, padding, dilation, implementation };
    const served = byKernel("weightGradient", { program, name, kind, ...maps, bias, ...window });
    return served ?? primitiveWeightGradient(program, name, primitive(), gradientShapes);
  };
  const specOf = (role: ParameterRole) => node.parameters.find((spec) => spec.role === role)!;
  const weightGradient = mode === "training" && specOf("weight").trainable ? chooseWeightGradient() : undefined;

  const forwardWeights = program.chosen(forward, "weights", forwardShapes.weights);
  const { harmonics } = specOf("weight");
  const harmonic =
    harmonics && harmonicWeight(context, specOf("weight"), harmonics, weightDimensions, weightGradient?.layout);
  const weight = harmonic?.weight ?? store.add(specOf("weight"), weightGradient?.layout ?? forwardWeights);
  const biasParameter = bias && store.add(specOf("bias"), bias);
  const appendWeightGradient: AppendWeightGradient = (from, gradient) => {
    if (weightGradient === undefined) return;
    const diffWeights = store.gradientShare(weight, weightGradient.layout);
    const diffBias = biasParameter && bias && store.gradientShare(biasParameter, bias);
    weightGradient.append({ source: from, gradient, diffWeights, diffBias });
    store.addGradientShare(weight, diffWeights);
    harmonic?.appendGradient();
    if (biasParameter) store.addGradientShare(biasParameter, diffBias);
  };
  const layouts = { source, destination, weights: forwardWeights };
  return { kind, make, shapes, forward, layouts, weight, bias: biasParameter, appendWeightGradient };
}

function byPrimitives(
  context: LoweringContext,
  name: string,
  input: Value,
  place: NodeContext,
  prepared: Weighted,
): Lowered {
  const { program, store } = context;
  const { forward, layouts, weight, bias, appendWeightGradient } = prepared;
  const source = program.convert(name, input, layouts.source);
  const output = program.value(layouts.destination);
  const weights = store.working(weight, "forward", layouts.weights);
  program.add(`${name} forward`, forward, { source, weights, bias: bias?.value, destination: output });
  return {
    output,
    backward(incoming) {
      const gradient = place.maskGradient ? maskByRelu(context, name, incoming, output) : incoming;
      const inputGradient = place.wantsGradient[0]
        ? addBackwardData(context, name, prepared, weights, gradient)
        : undefined;
      appendWeightGradient(source, gradient);
      return [inputGradient];
    },
  };
}

/** Appends the gradient of the input; `working` are the weights as the forward primitive reads them. */
function addBackwardData(
  { program, store, type }: LoweringContext,
  name: string,
  { kind, make, shapes, forward, layouts, weight }: Weighted,
  working: Value,
  gradient: Value,
): Value {
  // A matrix product reads its large matrix as well either way round: the forward copy serves again.
  const isProduct = kind === "innerProduct";
  const own = shapes(type, type);
  const dataShapes = { ...own, weights: isProduct ? layouts.weights : own.weights };
  const primitive: PrimitiveDescriptor = make.backwardData(dataShapes, forward);
  const layout = program.chosen(primitive, "weights", dataShapes.weights);
  const inputGradient = program.value(program.chosen(primitive, "diffSource", dataShapes.source));
  const incoming = program.chosen(primitive, "diffDestination", dataShapes.destination);
  program.add(`${name} backward data`, primitive, {
    weights: isProduct ? working : store.working(weight, "backward", layout),
    diffDestination: program.convert(name, gradient, incoming),
    diffSource: inputGradient,
  });
  return inputGradient;
}

/** Lowers a convolution, by a kernel where one serves it. */
export const conv2d: LoweringRule<ResolvedConv2d> = (context, node, [input], place) => {
  const { filters, kernel, stride, padding, dilation, groups, bias } = node.operation;
  const [channels, , width] = node.inputShapes[0] as readonly [number, number, number];
  // Where a kernel fits once, its stride changes nothing, and oneDNN 2.6 gives garbage as the gradient in bf16 of a map of one column with a stride.
  const fitsOnce = width + padding[1] + padding[3] === reachOf(kernel[1], dilation[1]);
  return weighted(context, node, input!, place, {
    kind: "convolution",
    weightDimensions:
      groups === 1 ? [filters, channels, ...kernel] : [groups, filters / groups, channels / groups, ...kernel],
    outputDimensions: [context.batch, ...node.shape],
    stride: [stride[0], fitsOnce ? 1 : stride[1]],
    padding,
    dilation,
    hasBias: bias,
  });
};

/** Lowers a dense layer. */
export const dense: LoweringRule<Dense> = (context, node, [input], place) =>
  weighted(context, node, input!, place, {
    kind: "innerProduct",
    // A flattened input keeps its feature maps, so that it need not leave its layout.
    weightDimensions: [node.operation.units, ...input!.descriptor.dimensions.slice(1)],
    outputDimensions: [context.batch, node.operation.units],
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
    hasBias: node.operation.bias,
  });
