/** Max pooling by kernels of our own: oneDNN's write 4 to 8 times more slowly than memory takes. */
import { CLEARED, canMaxPool, maxPoolGradientKernel, maxPoolKernel } from "../../../x64/kernels/max-pool.ts";
import { bytesPerElement } from "../../library/constants.ts";
import type { Locate, Value } from "../../program/value.ts";
import type { Lowered } from "../lowering-rule.ts";
import type { KernelLowering, MaxPoolSite } from "./sites.ts";

/** They take channels-last bf16 maps and windows that do not overlap. */
export const maxPoolKernels: KernelLowering<"maxPool"> = {
  needs: "AMX",
  serves({ program, type, node: { operation, inputShapes }, source: { descriptor } }) {
    const { kernel: window, stride, padding } = operation;
    return (
      type === "bf16" &&
      descriptor.type === type &&
      stride.every((step, axis) => step === window[axis]) &&
      padding.every((border) => border === 0) &&
      canMaxPool(inputShapes[0]![0]!, window) &&
      program.isChannelsLast(descriptor)
    );
  },
  lower,
};

function lower({ program, mode, type, batch, node, source, maskGradient }: MaxPoolSite): Lowered {
  const { name, operation, shape, inputShapes } = node;
  const { kernel: window } = operation;
  const [channels, height, width] = inputShapes[0] as readonly [number, number, number];
  const [, rows, columns] = shape as readonly [number, number, number];
  const data = program.channelsLast([batch, channels, height, width], type);
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

  const keeps = winners === undefined ? "none" : maskGradient ? "positive" : "all";
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
