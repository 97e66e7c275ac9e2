/** Convolution and its gradients as products of matrices: every image is unfolded into the windows that filters see. */

import type { GraphNode } from "../../network/graph.ts";
import { addCoefficients, addWeights, weightShape } from "../../network/harmonics.ts";
import type { ResolvedConv2d } from "../../network/layer.ts";
import { elements } from "../../tensor.ts";
import type { Maps, Rule } from "./rule.ts";

/** Stands for a padded zero in {@link windowIndices}. */
const PADDING = -1;

/**
 * For one group of one image: where the value that weight k meets at output o comes from, as a matrix (weights of one
 * filter, outputs of one filter) of indices relative to the group's first channel.
 */
function windowIndices({ operation, inputShapes, shape }: GraphNode<ResolvedConv2d>): Int32Array {
  const { groups, kernel, stride, padding, dilation } = operation;
  const [channels, height, width] = inputShapes[0] as Maps;
  const [, outHeight, outWidth] = shape as Maps;
  const indices = new Int32Array((channels / groups) * kernel[0] * kernel[1] * outHeight * outWidth).fill(PADDING);
  let next = 0;
  for (let channel = 0; channel < channels / groups; channel++) {
    for (let row = 0; row < kernel[0]; row++) {
      for (let column = 0; column < kernel[1]; column++) {
        for (let outY = 0; outY < outHeight; outY++) {
          const y = outY * stride[0] + row * dilation[0] - padding[0];
          for (let outX = 0; outX < outWidth; outX++, next++) {
            const x = outX * stride[1] + column * dilation[1] - padding[1];
            if (y >= 0 && y < height && x >= 0 && x < width) indices[next] = (channel * height + y) * width + x;
          }
        }
      }
    }
  }
  return indices;
}

/** Runs a convolution, forward and backward; where what it learns are factors of cosine filters, on the weights that they give. */
export const conv2d: Rule<ResolvedConv2d> = (pass) => {
  const { harmonics } = pass.node.parameters.find(({ role }) => role === "weight")!;
  if (harmonics === undefined) return plain(pass);
  const { weight: factors } = pass.parameters;
  const shape = weightShape(harmonics, pass.node.parameters[0]!.shape);
  const weight = addWeights(harmonics, factors!, new Float64Array(elements(shape)));
  const pullback = plain({ ...pass, parameters: { ...pass.parameters, weight } });
  return (gradient, inputGradients, gradients) => {
    const weightGradient = gradients.weight && new Float64Array(weight.length);
    pullback(gradient, inputGradients, { ...gradients, ...(weightGradient && { weight: weightGradient }) });
    if (weightGradient) addCoefficients(harmonics, weightGradient, gradients.weight!);
  };
};

const plain: Rule<ResolvedConv2d> = ({ node, batch, inputs, output, parameters }) => {
  const input = inputs[0]!;
  const weights = parameters.weight!;
  const { filters, groups } = node.operation;
  const groupFilters = filters / groups;
  const area = output.length / (batch * filters);
  const groupInput = input.length / (batch * groups);
  const taps = weights.length / filters;
  const indices = windowIndices(node);
  const windows = new Float64Array(indices.length);

  /** Calls `visit` for every group of every image, with its values in `windows` and the starts of its arrays. */
  const forEachGroup = (visit: (inputStart: number, outputStart: number, weightStart: number) => void) => {
    for (let part = 0; part < batch * groups; part++) {
      const start = part * groupInput;
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i]!;
        windows[i] = index === PADDING ? 0 : input[start + index]!;
      }
      visit(start, part * groupFilters * area, (part % groups) * groupFilters * taps);
    }
  };

  for (let plane = 0; plane < batch * filters; plane++) {
    output.fill(parameters.bias?.[plane % filters] ?? 0, plane * area, (plane + 1) * area);
  }
  forEachGroup((_, outputStart, weightStart) => {
    for (let filter = 0; filter < groupFilters; filter++) {
      const out = outputStart + filter * area;
      for (let tap = 0; tap < taps; tap++)
        addScaled(output, out, windows, tap * area, weights[weightStart + filter * taps + tap]!, area);
    }
  });

  return (gradient, [inputGradient], gradients) => {
    const weightGradient = gradients.weight!;
    const windowGradient = new Float64Array(inputGradient ? windows.length : 0);
    forEachGroup((inputStart, outputStart, weightStart) => {
      windowGradient.fill(0);
      for (let filter = 0; filter < groupFilters; filter++) {
        const out = outputStart + filter * area;
        for (let tap = 0; tap < taps; tap++) {
          const w = weightStart + filter * taps + tap;
          weightGradient[w]! += dot(gradient, out, windows, tap * area, area);
          if (inputGradient) addScaled(windowGradient, tap * area, gradient, out, weights[w]!, area);
        }
      }
      if (!inputGradient) return;
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i]!;
        if (index !== PADDING) inputGradient[inputStart + index]! += windowGradient[i]!;
      }
    });
    if (gradients.bias) {
      for (let plane = 0; plane < batch * filters; plane++) {
        let sum = 0;
        for (let i = plane * area; i < (plane + 1) * area; i++) sum += gradient[i]!;
        gradients.bias[plane % filters]! += sum;
      }
    }
  };
};

/** sum[s ...] += factor x values[v ...] */
function addScaled(sum: Float64Array, s: number, values: Float64Array, v: number, factor: number, count: number): void {
  for (let i = 0; i < count; i++) sum[s + i]! += factor * values[v + i]!;
}

function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += a[aStart + i]! * b[bStart + i]!;
  return sum;
}
