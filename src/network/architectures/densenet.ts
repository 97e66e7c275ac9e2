import {
  averagePool,
  batchNorm,
  concatenate,
  conv2d,
  dense,
  globalAveragePool,
  type Layer,
  type Network,
  relu,
} from "../layer.ts";
import { centred, type Stem, stemLayers, stemOption } from "./blocks.ts";
import { type ArchitectureOptions, checkOptions, imageInput, nameWithOptions, type OptionTable } from "./options.ts";

/** What {@link denseNet} takes. */
export interface DenseNetOptions extends ArchitectureOptions {
  /** Channels that each dense layer adds; default 32. The first convolution has twice as many filters. */
  readonly growth?: number;
  /** Dense layers of each of the four blocks; default 6, 12, 24 and 16, which makes DenseNet-121. */
  readonly stages?: readonly [number, number, number, number];
  /** `7x7`, the default, with a pooling behind it, as published; `3x3` keeps twice the sides, for small images. */
  readonly stem?: Stem;
}

/** The options that have a name on the command line. */
export const denseNetOptions: OptionTable<DenseNetOptions> = {
  growth: { form: "whole", usual: 32, decides: "channels that each dense layer adds" },
  stages: { form: "stages", length: 4, usual: [6, 12, 24, 16], decides: "dense layers of each block" },
  stem: stemOption,
};

/** Normalisation and rectifier stand before the convolution. */
const normConv = (filters: number, kernel: number): Layer[] => [
  batchNorm(),
  relu(),
  conv2d(filters, kernel, { bias: false }),
];

/** What comes in, and behind its channels those that a bottleneck makes of it. */
const denseLayer = (growth: number): Layer => concatenate([[], [...normConv(4 * growth, 1), ...normConv(growth, 3)]]);

/**
 * DenseNet-BC with compression 0.5 (Huang et al. 2017, "Densely Connected Convolutional Networks"): every layer of a block reads the maps of all before it.
 *
 * @throws NetworkError for an option that it does not know, or a value that it cannot have
 */
export function denseNet(options: DenseNetOptions): Network {
  checkOptions("denseNet", options, denseNetOptions);
  const { classes, imageSize = 128, growth = 32, stages = [6, 12, 24, 16], stem = "7x7" } = options;
  let channels = 2 * growth;
  const blocks = stages.flatMap((count, stage): Layer[] => {
    channels += count * growth;
    const block = Array.from({ length: count }, () => denseLayer(growth));
    if (stage === stages.length - 1) return block;
    channels = Math.floor(channels / 2);
    return [...block, ...normConv(channels, 1), averagePool(2)];
  });
  return {
    name: nameWithOptions("densenet121", options, denseNetOptions),
    input: imageInput(imageSize),
    layers: [
      centred(),
      ...stemLayers(2 * growth, stem),
      ...blocks,
      batchNorm(),
      relu(),
      globalAveragePool(),
      dense(classes),
    ],
  };
}
