import { dense, globalAveragePool, type Layer, type Network, relu, residual } from "../layer.ts";
import { centred, convNorm, type Stem, stemLayers, stemOption } from "./blocks.ts";
import { type ArchitectureOptions, checkOptions, imageInput, nameWithOptions, type OptionTable } from "./options.ts";

/** What {@link resNet} takes. */
export interface ResNetOptions extends ArchitectureOptions {
  /** Layers with weights of the published network; default 50. From 50 on blocks are bottlenecks. */
  readonly depth?: 18 | 34 | 50;
  /** Filters of the first convolution; default 64. */
  readonly width?: number;
  /** Blocks of each of the four stages; by default those of the depth. */
  readonly stages?: readonly [number, number, number, number];
  /** `7x7`, the default, with a pooling behind it, as published; `3x3` keeps twice the sides, for small images. */
  readonly stem?: Stem;
}

/** The options that have a name on the command line. */
export const resNetOptions: OptionTable<Omit<ResNetOptions, "depth">> = {
  width: { form: "whole", usual: 64, decides: "filters of the first convolution" },
  stages: { form: "stages", length: 4, decides: "blocks of each stage" },
  stem: stemOption,
};

const blocksOf = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3] } as const;

/** Two 3x3 convolutions. */
const basic = (filters: number, stride: number): Layer[] => [
  ...convNorm(filters, 3, { stride }),
  relu(),
  ...convNorm(filters, 3),
];

/** The channels are made fewer, convolved, and made four times as many. */
const bottleneck = (filters: number, stride: number): Layer[] => [
  ...convNorm(filters, 1),
  relu(),
  ...convNorm(filters, 3, { stride }),
  relu(),
  ...convNorm(4 * filters, 1),
];

/**
 * ResNet (He et al. 2016, "Deep Residual Learning for Image Recognition"). A bottleneck's stride is that of its 3x3 convolution, as in
 * torchvision and in Goyal et al. 2017, and not of its first 1x1.
 *
 * @throws NetworkError for an option that it does not know, or a value that it cannot have
 */
export function resNet(options: ResNetOptions): Network {
  checkOptions("resNet", options, {
    depth: { form: "choice", choices: [18, 34, 50], decides: "layers with weights" },
    ...resNetOptions,
  });
  const { classes, imageSize = 128, depth = 50, width = 64, stem = "7x7", stages = blocksOf[depth] } = options;
  const deep = depth >= 50;
  let channels = width;
  const blocks = stages.flatMap((count, stage) =>
    Array.from({ length: count }, (_, index): Layer[] => {
      const filters = width * 2 ** stage;
      const stride = index === 0 && stage > 0 ? 2 : 1;
      const given = deep ? 4 * filters : filters;
      const shortcut = stride === 1 && channels === given ? [] : convNorm(given, 1, { stride });
      channels = given;
      return [residual(deep ? bottleneck(filters, stride) : basic(filters, stride), shortcut), relu()];
    }).flat(),
  );
  return {
    name: nameWithOptions(`resnet${depth}`, options, resNetOptions),
    input: imageInput(imageSize),
    layers: [centred(), ...stemLayers(width, stem), ...blocks, globalAveragePool(), dense(classes)],
  };
}

/** ResNet-18 (He et al. 2016) at half width with a 3x3 stride-2 stem, for 128x128; 2.8 M parameters. */
export const resnet18w32 = ({ classes, imageSize = 128 }: ArchitectureOptions): Network => ({
  ...resNet({ classes, imageSize, depth: 18, width: 32, stem: "3x3" }),
  name: "resnet18-w32",
});
