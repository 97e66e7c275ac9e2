/** The dense layer, outputs = inputs x weights transposed + bias, and its gradients. */
import type { Dense } from "../../network/layer.ts";
import type { Rule } from "./rule.ts";

/** Runs a dense layer, forward and backward. */
export const dense: Rule<Dense> = ({ node, batch, inputs, output, parameters }) => {
  const input = inputs[0]!;
  const weights = parameters.weight!;
  const { units } = node.operation;
  const features = node.inputShapes[0]![0]!;
  for (let image = 0; image < batch; image++) {
    for (let unit = 0; unit < units; unit++) {
      const row = unit * features;
      const start = image * features;
      let sum = parameters.bias?.[unit] ?? 0;
      for (let k = 0; k < features; k++) sum += weights[row + k]! * input[start + k]!;
      output[image * units + unit] = sum;
    }
  }
  return (gradient, [inputGradient], gradients) => {
    const weightGradient = gradients.weight!;
    for (let image = 0; image < batch; image++) {
      for (let unit = 0; unit < units; unit++) {
        const row = unit * features;
        const start = image * features;
        const value = gradient[image * units + unit]!;
        for (let k = 0; k < features; k++) weightGradient[row + k]! += value * input[start + k]!;
        if (gradients.bias) gradients.bias[unit]! += value;
        if (!inputGradient) continue;
        for (let k = 0; k < features; k++) inputGradient[start + k]! += value * weights[row + k]!;
      }
    }
  };
};
