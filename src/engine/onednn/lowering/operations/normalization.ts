/** Normalisations of each image by itself, and learned factors of channels. */
import type { GraphNode } from "../../../../network/graph.ts";
import type { GroupNorm, LayerNorm, LayerScale } from "../../../../network/normalization.ts";
import { elements } from "../../../../tensor.ts";
import type { Parameter } from "../../program/parameter-store.ts";
import type { Program } from "../../program/program.ts";
import type { Value } from "../../program/value.ts";
import { asPixels, asVectors, toType, unflatten } from "../layout.ts";
import type { Lowered, LoweringContext, LoweringRule } from "../lowering-rule.ts";
import { scaling } from "./scaling.ts";

/** Where a primitive writes a parameter's gradient, which it does whether it is wanted or not. */
const gradientOf = (program: Program, { value, gradient }: Parameter): Value =>
  gradient ?? program.value(value.descriptor);

/** The parameters of a node, one number per channel each. */
const perChannel = ({ program, store }: LoweringContext, { shape, parameters }: GraphNode): readonly Parameter[] =>
  parameters.map((spec) => store.add(spec, program.rowMajor([shape[0]!], "f32")));

/** scale x + shift for each channel of maps, by a node's parameters. */
function scaledBy(context: LoweringContext, name: string, maps: Value, scale: Parameter, shift?: Parameter): Lowered {
  const { program } = context;
  const { forward, backward } = scaling(context, name, maps.descriptor, scale.value, shift?.value);
  return {
    output: forward(maps),
    backward: (gradient) => [backward(maps, gradient, gradientOf(program, scale), shift && gradientOf(program, shift))],
  };
}

/** Lowers an operation on maps in their layout, or on vectors as on maps of one pixel. */
const ofMaps = (
  context: LoweringContext,
  { name, shape }: GraphNode,
  input: Value,
  lower: (maps: Value) => Lowered,
): Lowered => (shape.length > 1 ? lower(toType(context, name, input)) : asPixels(context, name, input, lower));

/** Lowers a learned factor for each channel. */
export const layerScale: LoweringRule<LayerScale> = (context, node, [input]) => {
  const [scale] = perChannel(context, node);
  return ofMaps(context, node, input!, (maps) => scaledBy(context, node.name, maps, scale!));
};

/** Lowers layer normalisation: rows of channels, which are places of channels-last maps, or rows of features. */
export const layerNorm: LoweringRule<LayerNorm> = (context, node, [input]) => {
  const { program, batch, type, mode } = context;
  const { name, operation, shape } = node;
  const [channels, ...extent] = shape as readonly [number, ...number[]];
  const isMap = extent.length > 0;
  const [scale, shift] = perChannel(context, node);
  const layout = isMap ? program.channelsLast([batch, ...shape], type) : program.rowMajor([batch, channels], type);
  const count = batch * elements(extent);
  const rows = program.rowMajor([count, channels], type);
  const toRows = (value: Value) =>
    program.view(program.convert(name, isMap ? value : asVectors(context, name, value), layout), rows);
  const statistics = program.rowMajor([count], "f32");
  const source = toRows(input!);
  const what = { data: rows, statistics, epsilon: operation.epsilon };
  const forward = program.descriptors.layerNormalization(what, mode);
  const output = program.value(rows);
  const training = mode === "training";
  const [mean, variance] = training ? [program.value(statistics), program.value(statistics)] : [undefined, undefined];
  const common = { source, mean, variance, scale: scale!.value };
  program.add(`${name} forward`, forward, { ...common, shift: shift!.value, destination: output });
  return {
    output: program.view(output, layout),
    backward(incoming) {
      const inputGradient = program.value(rows);
      program.add(`${name} backward`, program.descriptors.layerNormalizationBackward(what, forward), {
        ...common,
        shift: shift!.value,
        diffDestination: toRows(incoming),
        diffSource: inputGradient,
        diffScale: gradientOf(program, scale!),
        diffShift: gradientOf(program, shift!),
      });
      return [unflatten(context, name, program.view(inputGradient, layout), input!.descriptor.dimensions)];
    },
  };
};

/**
 * Lowers group normalisation. Row-major maps are a batch of one image whose channels are the groups of all images: batch normalisation of these, by
 * their own statistics in every mode, is group normalisation without scale and shift.
 */
export const groupNorm: LoweringRule<GroupNorm> = (context, node, [input]) => {
  const { program, batch, type } = context;
  const { name, operation, shape } = node;
  const [scale, shift] = perChannel(context, node);
  const isMap = shape.length > 1;
  const plain = program.rowMajor([batch, ...shape], type);
  const sets = batch * operation.groups;
  const data = program.rowMajor([1, sets, (batch * elements(shape)) / sets, 1], type);
  const toSets = (value: Value) =>
    program.view(program.convert(name, isMap ? value : asVectors(context, name, value), plain), data);
  const source = toSets(input!);
  const what = { data, epsilon: operation.epsilon, globalStatistics: false, fuseRelu: false, isPlain: true };
  // For inference it would want to be given the statistics.
  const forward = program.descriptors.batchNormalization(what, "training");
  const statistics = program.rowMajor([sets], "f32");
  const common = { source, mean: program.value(statistics), variance: program.value(statistics) };
  const normalized = program.value(data);
  program.add(`${name} forward`, forward, { ...common, destination: normalized });
  const affine = ofMaps(context, node, program.view(normalized, plain), (maps) =>
    scaledBy(context, name, maps, scale!, shift!),
  );
  return {
    output: affine.output,
    backward(incoming) {
      const [gradient] = affine.backward(incoming);
      const inputGradient = program.value(data);
      program.add(`${name} backward`, program.descriptors.batchNormalizationBackward(what, forward), {
        ...common,
        diffDestination: toSets(gradient!),
        diffSource: inputGradient,
      });
      return [unflatten(context, name, program.view(inputGradient, plain), input!.descriptor.dimensions)];
    },
  };
};
