/** Batch normalisation in training by kernels of our own, with the sum and the rectifier that follow it. */
import { CHANNELS_PER_REGISTER } from "../../../../x64/kernels/channel-pass.ts";
import { toType } from "../../layout.ts";
import type { KernelLowering } from "../sites.ts";
import { addBackward } from "./backward.ts";
import { ChannelWork } from "./channel-work.ts";
import { addForward } from "./forward.ts";

/** They take bfloat16 maps, channels last, of whole registers of channels, and normalise by the batch's statistics. */
export const batchNormalizationKernels: KernelLowering<"batchNormalization"> = {
  needs: "AMX",
  serves: ({ program, mode, node, source: { descriptor } }) =>
    mode === "training" &&
    !node.frozen &&
    descriptor.type === "bf16" &&
    descriptor.dimensions[1]! % CHANNELS_PER_REGISTER === 0 &&
    program.isChannelsLast(descriptor),
  lower(asked) {
    const { program, node, source } = asked;
    const shortcut =
      asked.shortcut && program.convert(node.name, toType(asked, node.name, asked.shortcut), source.descriptor);
    const site = { ...asked, shortcut };
    const work = new ChannelWork(site);
    const output = addForward(site, work);
    return {
      output,
      backward: (gradient) => addBackward(site, work, output, [gradient]),
      backwardOfSum: (first, second) => addBackward(site, work, output, [first, second]),
    };
  },
};
