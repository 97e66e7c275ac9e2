/** Poolings of whole maps but for the mean, and blur pooling, with their gradients. */
import {
  type BlurPool,
  blurWeights,
  blurWindow,
  type GeneralizedMeanPool,
  type GlobalMaxPool,
} from "../../network/pooling.ts";
import type { Maps, Rule } from "./rule.ts";

/** Runs the largest value of each channel's map; of equal values the first wins. */
export const globalMaxPool: Rule<GlobalMaxPool> = ({ inputs, output }) => {
  const input = inputs[0]!;
  const area = input.length / output.length;
  const winners = Array.from(output, (_, plane) => {
    let winner = plane * area;
    for (let i = winner; i < (plane + 1) * area; i++) if (input[i]! > input[winner]!) winner = i;
    return winner;
  });
  winners.forEach((winner, plane) => {
    output[plane] = input[winner]!;
  });
  return (gradient, [inputGradient]) => {
    if (!inputGradient) return;
    for (const [plane, winner] of winners.entries()) inputGradient[winner]! += gradient[plane]!;
  };
};

/** With y^p = m = mean(x^p): dy/dx = y / m x^(p - 1) / area where x is above epsilon, and dy/dp = y / p (mean(x^p log x) / m - log(m) / p). */
export const generalizedMeanPool: Rule<GeneralizedMeanPool> = ({ node, inputs, output, parameters }) => {
  const { epsilon } = node.operation;
  const p = parameters.power![0]!;
  const input = inputs[0]!;
  const area = input.length / output.length;
  const at = (i: number) => Math.max(input[i]!, epsilon);
  const means = Float64Array.from(output, (_, plane) => {
    let sum = 0;
    for (let i = plane * area; i < (plane + 1) * area; i++) sum += at(i) ** p;
    return sum / area;
  });
  for (let plane = 0; plane < output.length; plane++) output[plane] = means[plane]! ** (1 / p);
  return (gradient, [inputGradient], gradients) => {
    for (let plane = 0; plane < output.length; plane++) {
      const mean = means[plane]!;
      const share = (gradient[plane]! * output[plane]!) / mean;
      let logs = 0;
      for (let i = plane * area; i < (plane + 1) * area; i++) {
        logs += at(i) ** p * Math.log(at(i));
        if (inputGradient && input[i]! > epsilon) inputGradient[i]! += (share * input[i]! ** (p - 1)) / area;
      }
      if (gradients.power) gradients.power[0]! += (share / p) * (logs / area - (mean * Math.log(mean)) / p);
    }
  };
};

/** Runs blur pooling, forward and backward. */
export const blurPool: Rule<BlurPool> = ({ node, batch, inputs, output }) => {
  const { kernel, stride, padding } = blurWindow(node.operation);
  const weights = blurWeights(node.operation);
  const [channels, height, width] = node.inputShapes[0] as Maps;
  const [, rows, columns] = node.shape as Maps;
  const visit = (meet: (output: number, input: number, weight: number) => void) => {
    for (let o = 0; o < batch * channels * rows * columns; o++) {
      const plane = Math.floor(o / (rows * columns));
      const top = (Math.floor(o / columns) % rows) * stride[0] - padding[0];
      const left = (o % columns) * stride[1] - padding[1];
      for (const [tap, weight] of weights.entries()) {
        const [y, x] = [top + Math.floor(tap / kernel[1]), left + (tap % kernel[1])];
        if (y >= 0 && y < height && x >= 0 && x < width) meet(o, (plane * height + y) * width + x, weight);
      }
    }
  };
  output.fill(0);
  visit((o, i, weight) => {
    output[o]! += weight * inputs[0]![i]!;
  });
  return (gradient, [inputGradient]) => {
    if (!inputGradient) return;
    visit((o, i, weight) => {
      inputGradient[i]! += weight * gradient[o]!;
    });
  };
};
