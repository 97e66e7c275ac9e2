import { concatenate, dense, dropout, globalAveragePool, type Layer, maxPool, type Network, relu } from "../layer.ts";
import { centred, convNorm } from "./blocks.ts";
import { type ArchitectureOptions, checkOptions, imageInput, nameWithOptions, type OptionTable } from "./options.ts";

/** What {@link googLeNet} takes. */
export interface GoogLeNetOptions extends ArchitectureOptions {
  /** Filters of the first convolution; default 64. All others are in the same proportion. */
  readonly width?: number;
  /** Inception blocks of each of the three stages; at most 2, 5 and 2, the default. The first ones of a stage are taken. */
  readonly stages?: readonly [number, number, number];
  /** Side of the widest convolution in a block: 5, the default, or 3, which torchvision has there. */
  readonly kernel?: 5 | 3;
  /** Rate of the dropout before the last layer; default 0.2. */
  readonly dropout?: number;
}

/** The options that have a name on the command line. */
export const googLeNetOptions: OptionTable<GoogLeNetOptions> = {
  width: { form: "whole", usual: 64, decides: "filters of the first convolution" },
  stages: { form: "stages", length: 3, most: [2, 5, 2], usual: [2, 5, 2], decides: "inception blocks of each stage" },
  kernel: { form: "choice", choices: [5, 3], usual: 5, decides: "side of the widest convolution in a block" },
  dropout: { form: "rate", usual: 0.2, decides: "dropout before the last layer" },
};

/** Filters of a block's branches: 1x1; 1x1 and then 3x3; 1x1 and then 5x5; 1x1 behind a pooling. */
type Block = readonly [one: number, reduced: number, three: number, squeezed: number, five: number, pooled: number];

const published: readonly (readonly Block[])[] = [
  [
    [64, 96, 128, 16, 32, 32],
    [128, 128, 192, 32, 96, 64],
  ],
  [
    [192, 96, 208, 16, 48, 64],
    [160, 112, 224, 24, 64, 64],
    [128, 128, 256, 24, 64, 64],
    [112, 144, 288, 32, 64, 64],
    [256, 160, 320, 32, 128, 128],
  ],
  [
    [256, 160, 320, 32, 128, 128],
    [384, 192, 384, 48, 128, 128],
  ],
];

/**
 * GoogLeNet (Szegedy et al. 2015, "Going Deeper with Convolutions") without its auxiliary classifiers, and with batch normalisation behind every
 * convolution (Ioffe and Szegedy 2015): blocks whose branches see windows of several sizes. Poolings of stride 2 are padded on both sides.
 *
 * @throws NetworkError for an option that it does not know, or a value that it cannot have
 */
export function googLeNet(options: GoogLeNetOptions): Network {
  checkOptions("googLeNet", options, googLeNetOptions);
  const { classes, imageSize = 128, width = 64, stages = [2, 5, 2], kernel = 5, dropout: rate = 0.2 } = options;
  const conv = (filters: number, side: number, stride = 1): Layer[] => [
    ...convNorm(Math.max(1, Math.round((filters * width) / 64)), side, { stride, epsilon: 1e-3 }),
    relu(),
  ];
  const halve = (): Layer => maxPool(3, { stride: 2, padding: 1 });
  const block = ([one, reduced, three, squeezed, five, pooled]: Block): Layer =>
    concatenate([
      conv(one, 1),
      [...conv(reduced, 1), ...conv(three, 3)],
      [...conv(squeezed, 1), ...conv(five, kernel)],
      [maxPool(3, { stride: 1, padding: 1 }), ...conv(pooled, 1)],
    ]);
  const blocks = published.map((stage, index) => stage.slice(0, stages[index]).map(block));
  return {
    name: nameWithOptions("googlenet", options, googLeNetOptions),
    input: imageInput(imageSize),
    layers: [
      centred(),
      ...conv(64, 7, 2),
      halve(),
      ...conv(64, 1),
      ...conv(192, 3),
      ...blocks.flatMap((stage) => [halve(), ...stage]),
      globalAveragePool(),
      dropout(rate),
      dense(classes),
    ],
  };
}
