/** Max, average and global average pooling, and their gradients. */
import type { GraphNode } from "../../network/graph.ts";
import type { GlobalAveragePool, ResolvedAveragePool, ResolvedMaxPool } from "../../network/layer.ts";
import { countedValues } from "../../network/windows.ts";
import type { Maps, Rule } from "./rule.ts";

/** One output's window, clipped to the feature map; rows are `width` apart and `start` is the first row's first index. */
type Visit = (output: number, start: number, rows: number, columns: number, width: number) => void;

function forEachWindow(
  { operation, inputShapes, shape }: GraphNode<ResolvedMaxPool | ResolvedAveragePool>,
  batch: number,
  visit: Visit,
) {
  const { kernel, stride, padding } = operation;
  const [channels, height, width] = inputShapes[0] as Maps;
  const [, outHeight, outWidth] = shape as Maps;
  let output = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let y = 0; y < outHeight; y++) {
      const top = y * stride[0] - padding[0];
      const firstRow = Math.max(0, top);
      const rows = Math.min(height, top + kernel[0]) - firstRow;
      for (let x = 0; x < outWidth; x++) {
        const left = x * stride[1] - padding[1];
        const firstColumn = Math.max(0, left);
        const columns = Math.min(width, left + kernel[1]) - firstColumn;
        visit(output++, (plane * height + firstRow) * width + firstColumn, rows, columns, width);
      }
    }
  }
}

/** Padding never wins; of equal values the first does, in row-major order. */
export const maxPool: Rule<ResolvedMaxPool> = ({ node, batch, inputs, output }) => {
  const input = inputs[0]!;
  const winners = new Int32Array(output.length);
  forEachWindow(node, batch, (o, start, rows, columns, width) => {
    let winner = start;
    for (let row = 0; row < rows; row++) {
      const end = start + row * width + columns;
      for (let i = end - columns; i < end; i++) if (input[i]! > input[winner]!) winner = i;
    }
    winners[o] = winner;
    output[o] = input[winner]!;
  });
  return (gradient, [inputGradient]) => {
    if (!inputGradient) return;
    for (let o = 0; o < gradient.length; o++) inputGradient[winners[o]!]! += gradient[o]!;
  };
};

/** Runs average pooling, forward and backward. */
export const averagePool: Rule<ResolvedAveragePool> = ({ node, batch, inputs, output }) => {
  const input = inputs[0]!;
  const values = countedValues(node);
  forEachWindow(node, batch, (o, start, rows, columns, width) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const end = start + row * width + columns;
      for (let i = end - columns; i < end; i++) sum += input[i]!;
    }
    output[o] = sum / values[o % values.length]!;
  });
  return (gradient, [inputGradient]) => {
    if (!inputGradient) return;
    forEachWindow(node, batch, (o, start, rows, columns, width) => {
      const share = gradient[o]! / values[o % values.length]!;
      for (let row = 0; row < rows; row++) {
        const end = start + row * width + columns;
        for (let i = end - columns; i < end; i++) inputGradient[i]! += share;
      }
    });
  };
};

/** Runs the mean of each channel's map, forward and backward. */
export const globalAveragePool: Rule<GlobalAveragePool> = ({ inputs, output }) => {
  const input = inputs[0]!;
  const area = input.length / output.length;
  for (let plane = 0; plane < output.length; plane++) {
    let sum = 0;
    for (let i = plane * area; i < (plane + 1) * area; i++) sum += input[i]!;
    output[plane] = sum / area;
  }
  return (gradient, [inputGradient]) => {
    if (!inputGradient) return;
    for (let i = 0; i < inputGradient.length; i++) inputGradient[i]! += gradient[Math.floor(i / area)]! / area;
  };
};
