/** How the reference engine computes every kind of operation, forward and backward. */
import { activationSlope, activationValue, eachActivation } from "../../network/activations.ts";
import type { Operation } from "../../network/graph.ts";
import type { Activation } from "../../network/layer.ts";
import { luminanceWeights } from "../../network/luminance.ts";
import { factorsAre, type Shape } from "../../network/shape.ts";
import { elements } from "../../tensor.ts";
import { dropoutMask } from "../dropout.ts";
import { batchNorm } from "./batch-normalization.ts";
import { conv2d } from "./convolution.ts";
import { dense } from "./dense.ts";
import { blurPool, generalizedMeanPool, globalMaxPool } from "./global-pooling.ts";
import { groupNorm, layerNorm, layerScale } from "./normalization.ts";
import { averagePool, globalAveragePool, maxPool } from "./pooling.ts";
import type { Maps, Pass, Pullback, Rule } from "./rule.ts";

const addTo = (sum: Float64Array | undefined, values: Float64Array) => {
  if (sum) for (let i = 0; i < values.length; i++) sum[i]! += values[i]!;
};

const activation = ({ node, inputs, output }: Pass<Activation>): Pullback => {
  const [values] = inputs as readonly [Float64Array];
  for (let i = 0; i < output.length; i++) output[i] = activationValue(node.operation, values[i]!);
  return (gradient, [inputGradient]) => {
    if (!inputGradient) return;
    for (let i = 0; i < gradient.length; i++) {
      inputGradient[i]! += gradient[i]! * activationSlope(node.operation, values[i]!);
    }
  };
};

const rules: { readonly [K in Operation["kind"]]: Rule<Extract<Operation, { kind: K }>> } = {
  // The input's bytes arrive as numbers in the order (batch, channels, height, width).
  normalize: ({ node, inputs, output }) => {
    const { mean, standardDeviation } = node.operation;
    const [channels, height, width] = node.shape as Maps;
    for (let i = 0; i < output.length; i++) {
      const channel = Math.floor(i / (height * width)) % channels;
      output[i] = (inputs[0]![i]! / 255 - mean[channel]!) / standardDeviation[channel]!;
    }
    return () => {}; // bytes have no gradient
  },
  luminance: ({ node, inputs, output }) => {
    const [, height, width] = node.shape as Maps;
    const area = height * width;
    for (let i = 0; i < output.length; i++) {
      const image = Math.floor(i / area);
      const colour = (channel: number) => inputs[0]![(image * luminanceWeights.length + channel) * area + (i % area)]!;
      output[i] = luminanceWeights.reduce((sum, weight, channel) => sum + weight * colour(channel), 0);
    }
    return () => {}; // bytes have no gradient
  },
  conv2d,
  batchNorm,
  layerNorm,
  groupNorm,
  layerScale,
  ...eachActivation(() => activation),
  maxPool,
  averagePool,
  globalAveragePool,
  globalMaxPool,
  generalizedMeanPool,
  blurPool,
  flatten: ({ inputs, output }) => {
    output.set(inputs[0]!);
    return (gradient, [inputGradient]) => addTo(inputGradient, gradient);
  },
  dense,
  dropout: ({ node, batch, inputs, output, training, dropoutPath }) => {
    const { rate, per } = node.operation;
    const masks = { value: output.length, channel: batch * node.shape[0]!, image: batch };
    const mask = new Float64Array(masks[per]).fill(1);
    if (training) dropoutMask(mask, rate, dropoutPath);
    const share = output.length / mask.length;
    for (let i = 0; i < output.length; i++) output[i] = inputs[0]![i]! * mask[Math.floor(i / share)]!;
    return (gradient, [inputGradient]) => {
      if (!inputGradient) return;
      for (let i = 0; i < gradient.length; i++) inputGradient[i]! += gradient[i]! * mask[Math.floor(i / share)]!;
    };
  },
  add: ({ inputs, output }) => {
    for (let i = 0; i < output.length; i++) output[i] = inputs[0]![i]! + inputs[1]![i]!;
    return (gradient, inputGradients) => {
      for (const inputGradient of inputGradients) addTo(inputGradient, gradient);
    };
  },
  multiply: ({ node, inputs, output }) => {
    const [values, factors] = inputs as readonly [Float64Array, Float64Array];
    const [shape, factorShape] = node.inputShapes as readonly [Shape, Shape];
    const [size, area] = [elements(shape), elements(shape.slice(1))];
    // For each value, the place of its factor.
    const factorOf = {
      channel: (i: number) => Math.floor(i / area),
      place: (i: number) => Math.floor(i / size) * area + (i % area),
      value: (i: number) => i,
    }[factorsAre(shape, factorShape)!];
    for (let i = 0; i < output.length; i++) output[i] = values[i]! * factors[factorOf(i)]!;
    return (gradient, [valueGradient, factorGradient]) => {
      for (let i = 0; i < gradient.length; i++) {
        const at = factorOf(i);
        if (valueGradient) valueGradient[i]! += gradient[i]! * factors[at]!;
        if (factorGradient) factorGradient[at]! += gradient[i]! * values[i]!;
      }
    };
  },
  join: ({ batch, inputs, output }) => {
    const shares = inputs.map((input) => input.length / batch);
    const whole = output.length / batch;
    /** Calls `visit` with where each branch of each image begins in the branch and in the result. */
    const forEachPart = (visit: (branch: number, from: number, to: number, length: number) => void) => {
      for (let image = 0; image < batch; image++) {
        let to = image * whole;
        for (const [branch, length] of shares.entries()) {
          visit(branch, image * length, to, length);
          to += length;
        }
      }
    };
    forEachPart((branch, from, to, length) => output.set(inputs[branch]!.subarray(from, from + length), to));
    return (gradient, inputGradients) =>
      forEachPart((branch, from, to, length) =>
        addTo(inputGradients[branch]?.subarray(from, from + length), gradient.subarray(to, to + length)),
      );
  },
};

/** Runs one node forward; the result runs it backward. */
export const run = (pass: Pass): Pullback => (rules[pass.node.operation.kind] as Rule<Operation>)(pass);
