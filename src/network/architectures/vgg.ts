import { dense, dropout, flatten, globalAveragePool, type Layer, maxPool, type Network, relu } from "../layer.ts";
import { centred, convNorm } from "./blocks.ts";
import { type ArchitectureOptions, checkOptions, imageInput, nameWithOptions, type OptionTable } from "./options.ts";

/** What {@link vgg} takes. */
export interface VggOptions extends ArchitectureOptions {
  /** Convolutions and dense layers of the published network; default 16. */
  readonly depth?: 11 | 13 | 16 | 19;
  /** Filters of the first convolutions; default 64. Later stages have 2, 4 and 8 times as many. */
  readonly width?: number;
  /** `average`, the default, pools the last maps; `classic` flattens them, and has two dense layers of 64 times the width before the last. */
  readonly head?: "average" | "classic";
  /** Rate of the dropout behind each of the classic head's dense layers; default 0.5. */
  readonly dropout?: number;
}

/** The options that have a name on the command line. */
export const vggOptions: OptionTable<Omit<VggOptions, "depth">> = {
  width: { form: "whole", usual: 64, decides: "filters of the first convolutions" },
  head: {
    form: "choice",
    choices: ["average", "classic"],
    usual: "average",
    decides: "mean of the last maps, or two large dense layers",
  },
  dropout: { form: "rate", usual: 0.5, decides: "dropout in the classic head" },
};

/** Convolutions of each stage. */
const stagesOf = { 11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4] } as const;

/**
 * VGG with batch normalisation: stages of 3x3 convolutions with a pooling behind each (Simonyan and Zisserman 2015, "Very Deep Convolutional
 * Networks for Large-Scale Image Recognition"; Ioffe and Szegedy 2015). The convolutions have no bias, which the normalisation would take away. The published
 * head, of 120 million weights at 224x224, is `head: "classic"`.
 *
 * @throws NetworkError for an option that it does not know, or a value that it cannot have
 */
export function vgg(options: VggOptions): Network {
  checkOptions("vgg", options, {
    depth: { form: "choice", choices: [11, 13, 16, 19], decides: "layers with weights" },
    ...vggOptions,
  });
  const { classes, imageSize = 128, depth = 16, width = 64, head = "average", dropout: rate = 0.5 } = options;
  const stages = stagesOf[depth].flatMap((count, stage): Layer[] => [
    ...Array.from({ length: count }, () => [...convNorm(width * Math.min(2 ** stage, 8), 3), relu()]).flat(),
    maxPool(2),
  ]);
  const wide = (): Layer[] => [dense(64 * width), relu(), dropout(rate)];
  return {
    name: nameWithOptions(`vgg${depth}`, options, vggOptions),
    input: imageInput(imageSize),
    layers: [
      centred(),
      ...stages,
      ...(head === "average" ? [globalAveragePool()] : [flatten(), ...wide(), ...wide()]),
      dense(classes),
    ],
  };
}
