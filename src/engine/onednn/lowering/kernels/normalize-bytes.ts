/** Images to what the first convolution reads, in one pass: channels-last bytes to channels-last bf16, scaled and shifted. */
import { elements } from "../../../../tensor.ts";
import {
  canNormalize,
  normalizeBytesKernel,
  periodValues,
  remainderMasks,
} from "../../../x64/kernels/normalize-bytes.ts";
import { bytesPerElement } from "../../library/constants.ts";
import type { Value } from "../../program/value.ts";
import type { KernelLowering, NormalizeSite } from "./sites.ts";

/** Values of a task: a part of the batch that is long enough to be worth starting. */
const TASK_VALUES = 2 ** 14;

/** On AMX, convolutions of few channels read this layout; elsewhere a reorder follows, as one does in oneDNN's way. */
export const normalizeBytes: KernelLowering<"normalize"> = {
  needs: "AMX",
  serves: ({ program, type, input: { descriptor } }) =>
    type === "bf16" &&
    canNormalize(descriptor.dimensions[1]!) &&
    descriptor.type === "u8" &&
    program.isChannelsLast(descriptor),
  lower,
};

function lower({ program, type, name, input, scale, shift }: NormalizeSite): Value {
  const { dimensions } = input.descriptor;
  const channels = dimensions[1]!;
  const period = periodValues(channels);
  const { value: factors, array } = program.host([2 * period]);
  for (let i = 0; i < period; i++) {
    array[i] = scale[i % channels]!;
    array[period + i] = shift[i % channels]!;
  }
  const output = program.value(program.channelsLast(dimensions, type));
  const values = elements(dimensions);
  const turns = Math.floor(TASK_VALUES / period);
  program.addKernel(
    `${name} forward`,
    normalizeBytesKernel(channels),
    { reads: [input, factors], writes: [output] },
    (locate) =>
      Array.from({ length: Math.ceil(values / (turns * period)) }, (_, task) => {
        const from = task * turns * period;
        const wholeTurns = Math.min(turns, Math.floor((values - from) / period));
        const left = wholeTurns === turns ? 0 : values - from - wholeTurns * period;
        return [
          wholeTurns,
          locate(input, from),
          locate(output, bytesPerElement[type] * from),
          locate(factors),
          ...remainderMasks(channels, left),
        ];
      }),
  );
  return output;
}
