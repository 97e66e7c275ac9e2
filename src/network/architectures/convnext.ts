import { conv2d, dense, gelu, globalAveragePool, type Layer, type Network, residual } from "../layer.ts";
import { layerNorm, layerScale } from "../normalization.ts";
import { centred } from "./blocks.ts";
import { type ArchitectureOptions, checkOptions, imageInput, nameWithOptions, type OptionTable } from "./options.ts";

/** What {@link convNeXt} takes. */
export interface ConvNeXtOptions extends ArchitectureOptions {
  /** Filters of the first convolution; default 96. Each later stage has twice as many as the one before. */
  readonly width?: number;
  /** Blocks of each of the four stages; default 3, 3, 9 and 3, which makes ConvNeXt-T. */
  readonly stages?: readonly [number, number, number, number];
}

/** The options that have a name on the command line. */
export const convNeXtOptions: OptionTable<ConvNeXtOptions> = {
  width: { form: "whole", usual: 96, decides: "filters of the first convolution" },
  stages: { form: "stages", length: 4, usual: [3, 3, 9, 3], decides: "blocks of each stage" },
};

/** A depthwise 7x7 convolution and a layer of 4 times the channels, over what comes in. */
const block = (channels: number): Layer =>
  residual([
    conv2d(channels, 7, { groups: channels }),
    layerNorm(),
    conv2d(4 * channels, 1),
    gelu(),
    conv2d(channels, 1),
    layerScale({ initial: 1e-6 }),
  ]);

/**
 * ConvNeXt-T (Liu et al. 2022, "A ConvNet for the 2020s"): depthwise 7x7 convolutions, layer normalisation, GELU and layer scale. Its stochastic depth is a setting of
 * training (`stochasticDepth`; published: 0.1).
 *
 * @throws NetworkError for an option that it does not know, or a value that it cannot have
 */
export function convNeXt(options: ConvNeXtOptions): Network {
  checkOptions("convNeXt", options, convNeXtOptions);
  const { classes, imageSize = 128, width = 96, stages = [3, 3, 9, 3] } = options;
  const blocks = stages.flatMap((count, stage) => {
    const channels = width * 2 ** stage;
    return [
      ...(stage === 0 ? [] : [layerNorm(), conv2d(channels, 2, { stride: 2, padding: 0 })]),
      ...Array.from({ length: count }, () => block(channels)),
    ];
  });
  return {
    name: nameWithOptions("convnext-tiny", options, convNeXtOptions),
    input: imageInput(imageSize),
    layers: [
      centred(),
      conv2d(width, 4, { stride: 4, padding: 0 }),
      layerNorm(),
      ...blocks,
      globalAveragePool(),
      layerNorm(),
      dense(classes),
    ],
  };
}
