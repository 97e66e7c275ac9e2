/** Batch normalisation (Ioffe and Szegedy 2015) with running statistics, and its gradients. */
import type { BatchNorm } from "../../network/layer.ts";
import { elements } from "../../tensor.ts";
import type { Rule } from "./rule.ts";

/** Normalises with the batch's biased variance; the running variance moves towards the unbiased one. */
export const batchNorm: Rule<BatchNorm> = ({ node, batch, inputs, output, parameters, training }) => {
  const input = inputs[0]!;
  const { momentum, epsilon } = node.operation;
  const [channels, ...extent] = node.shape as readonly [number, ...number[]];
  const area = elements(extent);
  const count = batch * area;
  const scale = parameters.scale!;
  const shift = parameters.shift!;
  const runningMean = parameters.runningMean!;
  const runningVariance = parameters.runningVariance!;

  /** Calls `visit` with the start of this channel's plane in every image. */
  const forEachPlane = (channel: number, visit: (start: number) => void) => {
    for (let image = 0; image < batch; image++) visit((image * channels + channel) * area);
  };
  const mean = runningMean.slice();
  const variance = runningVariance.slice();
  if (training) {
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      forEachPlane(channel, (start) => {
        for (let i = start; i < start + area; i++) sum += input[i]!;
      });
      const center = sum / count;
      let squares = 0;
      forEachPlane(channel, (start) => {
        for (let i = start; i < start + area; i++) squares += (input[i]! - center) ** 2;
      });
      mean[channel] = center;
      variance[channel] = squares / count;
      runningMean[channel]! += momentum * (center - runningMean[channel]!);
      runningVariance[channel]! += momentum * (squares / (count - 1) - runningVariance[channel]!);
    }
  }

  const inverse = variance.map((value) => 1 / Math.sqrt(value + epsilon));
  for (let channel = 0; channel < channels; channel++) {
    const factor = inverse[channel]! * scale[channel]!;
    forEachPlane(channel, (start) => {
      for (let i = start; i < start + area; i++) output[i] = (input[i]! - mean[channel]!) * factor + shift[channel]!;
    });
  }

  // In evaluation mean and deviation are constants. In training, with y = scale n + shift and n = (x - mean) / deviation: dx = scale / deviation (dy - mean(dy) - n mean(dy n)).
  return (gradient, [inputGradient], gradients) => {
    for (let channel = 0; channel < channels; channel++) {
      const center = mean[channel]!;
      const inverted = inverse[channel]!;
      let sum = 0;
      let sumNormalized = 0;
      forEachPlane(channel, (start) => {
        for (let i = start; i < start + area; i++) {
          sum += gradient[i]!;
          sumNormalized += gradient[i]! * (input[i]! - center) * inverted;
        }
      });
      gradients.shift![channel]! += sum;
      gradients.scale![channel]! += sumNormalized;
      if (!inputGradient) continue;
      const factor = scale[channel]! * inverted;
      forEachPlane(channel, (start) => {
        for (let i = start; i < start + area; i++) {
          if (!training) {
            inputGradient[i]! += factor * gradient[i]!;
            continue;
          }
          const normalized = (input[i]! - center) * inverted;
          inputGradient[i]! += factor * (gradient[i]! - sum / count - (normalized * sumNormalized) / count);
        }
      });
    }
  };
};
