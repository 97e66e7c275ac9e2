/** Normalisations of each image by itself, learned factors of channels, and their gradients. */
import type { GroupNorm, LayerNorm, LayerScale } from "../../network/normalization.ts";
import { elements } from "../../tensor.ts";
import type { Pass, Pullback, Rule } from "./rule.ts";

/** Values of one channel of one image. */
const areaOf = ({ node }: Pass): number => elements(node.shape.slice(1));

/** The channel of a value. */
const channelOf = ({ node }: Pass, area: number) => {
  const channels = node.shape[0]!;
  return (i: number) => Math.floor(i / area) % channels;
};

/** Normalises sets of values, each by its own mean and biased variance; `setOf` tells the set of a value. */
function bySets(pass: Pass<LayerNorm | GroupNorm>, sets: number, setOf: (i: number) => number): Pullback {
  const { node, inputs, output, parameters } = pass;
  const input = inputs[0]!;
  const channel = channelOf(pass, areaOf(pass));
  const scale = parameters.scale!;
  const count = input.length / sets;
  const meanOf = (valueAt: (i: number) => number): Float64Array => {
    const sums = new Float64Array(sets);
    for (let i = 0; i < input.length; i++) sums[setOf(i)]! += valueAt(i);
    return sums.map((sum) => sum / count);
  };
  const means = meanOf((i) => input[i]!);
  const variances = meanOf((i) => (input[i]! - means[setOf(i)]!) ** 2);
  const inverse = variances.map((variance) => 1 / Math.sqrt(variance + node.operation.epsilon));
  const normalized = input.map((value, i) => (value - means[setOf(i)]!) * inverse[setOf(i)]!);
  for (let i = 0; i < output.length; i++) {
    output[i] = normalized[i]! * scale[channel(i)]! + parameters.shift![channel(i)]!;
  }
  // With y = scale n + shift and n = (x - mean) / deviation: dx = (dn - mean(dn) - n mean(dn n)) / deviation, where dn = scale dy.
  return (gradient, [inputGradient], gradients) => {
    for (let i = 0; i < gradient.length; i++) {
      gradients.shift![channel(i)]! += gradient[i]!;
      gradients.scale![channel(i)]! += gradient[i]! * normalized[i]!;
    }
    if (!inputGradient) return;
    const ofNormalized = gradient.map((value, i) => value * scale[channel(i)]!);
    const meanGradient = meanOf((i) => ofNormalized[i]!);
    const meanProduct = meanOf((i) => ofNormalized[i]! * normalized[i]!);
    for (let i = 0; i < gradient.length; i++) {
      const set = setOf(i);
      inputGradient[i]! += inverse[set]! * (ofNormalized[i]! - meanGradient[set]! - normalized[i]! * meanProduct[set]!);
    }
  };
}

/** A set is one place of one image. */
export const layerNorm: Rule<LayerNorm> = (pass) => {
  const area = areaOf(pass);
  const size = pass.node.shape[0]! * area;
  return bySets(pass, pass.batch * area, (i) => Math.floor(i / size) * area + (i % area));
};

/** A set is one group of channels of one image, which lie behind each other. */
export const groupNorm: Rule<GroupNorm> = (pass) => {
  const { shape, operation } = pass.node;
  const size = elements(shape) / operation.groups;
  return bySets(pass, pass.batch * operation.groups, (i) => Math.floor(i / size));
};

/** One factor for each channel. */
export const layerScale: Rule<LayerScale> = (pass) => {
  const { inputs, output, parameters } = pass;
  const scale = parameters.scale!;
  const channel = channelOf(pass, areaOf(pass));
  for (let i = 0; i < output.length; i++) output[i] = inputs[0]![i]! * scale[channel(i)]!;
  return (gradient, [inputGradient], gradients) => {
    for (let i = 0; i < gradient.length; i++) {
      gradients.scale![channel(i)]! += gradient[i]! * inputs[0]![i]!;
      if (inputGradient) inputGradient[i]! += gradient[i]! * scale[channel(i)]!;
    }
  };
};
