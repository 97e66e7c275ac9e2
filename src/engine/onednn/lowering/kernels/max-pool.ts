/** Max pooling by kernels of our own, where they can do it: oneDNN's write 4 to 8 times more slowly than memory takes. */
import type { GraphNode } from "../../../../network/graph.ts";
import type { MaxPool } from "../../../../network/layer.ts";
import { CLEARED, canMaxPool, maxPoolGradientKernel, maxPoolKernel } from "../../../x64/kernels/max-pool.ts";
import { bytesPerElement } from "../../library/constants.ts";
import type { Locate, Value } from "../../program/value.ts";
import type { Lowered, LoweringContext, NodeContext } from "../lowering-rule.ts";

/** Undefined where oneDNN must do it: the kernels take channels-last bf16 maps and windows that do not overlap. */
export function maxPoolByKernels(
  { program, mode, type, batch }: LoweringContext,
  { name, operation, shape, inputShapes }: GraphNode<MaxPool>,
  source: Value,
  place: NodeContext,
): Lowered | undefined {
  const { kernel: window, stride, padding } = operation;
  const [channels, height, width] = inputShapes[0] as readonly [number, number, number];
  const [, rows, columns] = shape as readonly [number, number, number];
  if (program.runtime.mapKernels === undefined || type !== "bf16" || source.descriptor.type !== type) return undefined;
  if (stride.some((step, axis) => step !== window[axis] || padding[axis] !== 0)) return undefined;
  const data = program.channelsLast([batch, channels, height, width], type);
  if (!canMaxPool(channels, window) || !program.isChannelsLast(source.descriptor)) return undefined;

  const dimensions = [batch, channels, rows, columns];
  const pooled = program.channelsLast(dimensions, type);
  const output = program.value(pooled);
  const winners = mode === "training" ? program.value(program.channelsLast(dimensions, "u8")) : undefined;
  const sizes = { channels, width, window };
  const pixelBytes = bytesPerElement[type] * channels;
  /** One per row of outputs: the arguments that both passes have. */
  const tasks = (locate: Locate, wide: Value, narrow: Value) =>
    Array.from({ length: batch * rows }, (_, task) => {
      const [image, row] = [Math.floor(task / rows), task % rows];
      return [
        locate(wide, pixelBytes * width * (image * height + row * window[0])),
        locate(narrow, pixelBytes * columns * task),
        winners ? locate(winners, channels * columns * task) : 0,
      ];
    });

  const keeps = winners === undefined ? "none" : place.maskGradient ? "positive" : "all";
  program.addKernel(
    `${name} forward`,
    maxPoolKernel({ ...sizes, winners: keeps }),
    { reads: [source], writes: winners ? [output, winners] : [output] },
    (locate) => tasks(locate, source, output),
  );
  return {
    output,
    backward(incoming) {
      const gradient = program.convert(name, incoming, pooled);
      const inputGradient = program.value(data);
      const bytesBelow = pixelBytes * width * (height - rows * window[0]);
      program.addKernel(
        `${name} backward`,
        maxPoolGradientKernel(sizes),
        { reads: [gradient, winners!], writes: [inputGradient] },
        (locate) =>
          tasks(locate, inputGradient, gradient).map((task, index) => [
            ...task,
            index % rows === rows - 1 ? bytesBelow / CLEARED : 0,
          ]),
      );
      return [inputGradient];
    },
  };
}
