import {
  dense,
  dropout,
  gate,
  globalAveragePool,
  hardSigmoid,
  hardSwish,
  type Layer,
  type Network,
  relu,
  residual,
} from "../layer.ts";
import { centred, convNorm, divisible } from "./blocks.ts";
import { type ArchitectureOptions, checkOptions, imageInput, nameWithOptions, type OptionTable } from "./options.ts";

/** What {@link mobileNetV3} takes. */
export interface MobileNetV3Options extends ArchitectureOptions {
  /** Which of the published networks; default `large`. */
  readonly size?: "small" | "large";
  /** Factor of all filters, which are then rounded to multiples of 8; default 1. */
  readonly width?: number;
  /** Factor of the blocks of each stage, rounded up; default 1. */
  readonly depth?: number;
  /** Rate of the dropout before the last layer; default 0.2. */
  readonly dropout?: number;
}

/** The options that have a name on the command line. */
export const mobileNetV3Options: OptionTable<Omit<MobileNetV3Options, "size">> = {
  width: { form: "factor", usual: 1, decides: "factor of all filters" },
  depth: { form: "factor", usual: 1, decides: "factor of the blocks of each stage" },
  dropout: { form: "rate", usual: 0.2, decides: "dropout before the last layer" },
};

interface Block {
  readonly kernel: 3 | 5;
  readonly wide: number;
  readonly excited: boolean;
}

/** Blocks with as many filters, of which the first has the stride. */
interface Stage {
  readonly filters: number;
  readonly stride: 1 | 2;
  readonly hard: boolean;
  readonly blocks: readonly Block[];
}

const stage = (
  filters: number,
  stride: 1 | 2,
  kernel: 3 | 5,
  wide: readonly number[],
  { excited = true, hard = true } = {},
): Stage => ({ filters, stride, hard, blocks: wide.map((each) => ({ kernel, wide: each, excited })) });

const plain = { excited: false, hard: false };
/** Tables 1 and 2 of the paper. */
const published: { readonly [S in "small" | "large"]: { readonly stages: readonly Stage[]; readonly units: number } } =
  {
    large: {
      stages: [
        stage(16, 1, 3, [16], plain),
        stage(24, 2, 3, [64, 72], plain),
        stage(40, 2, 5, [72, 120, 120], { hard: false }),
        stage(80, 2, 3, [240, 200, 184, 184], { excited: false }),
        stage(112, 1, 3, [480, 672]),
        stage(160, 2, 5, [672, 960, 960]),
      ],
      units: 1280,
    },
    small: {
      stages: [
        stage(16, 2, 3, [16], { hard: false }),
        stage(24, 2, 3, [72, 88], plain),
        stage(40, 2, 5, [96, 240, 240]),
        stage(48, 1, 5, [120, 144]),
        stage(96, 2, 5, [288, 576, 576]),
      ],
      units: 1024,
    },
  };

/**
 * MobileNetV3 (Howard et al. 2019, "Searching for MobileNetV3"): inverted bottlenecks with depthwise convolutions, squeeze-and-excitation with a hard
 * sigmoid, and hard swish.
 *
 * @throws NetworkError for an option that it does not know, or a value that it cannot have
 */
export function mobileNetV3(options: MobileNetV3Options): Network {
  checkOptions("mobileNetV3", options, {
    size: { form: "choice", choices: ["small", "large"], decides: "which of the published networks" },
    ...mobileNetV3Options,
  });
  const { classes, imageSize = 128, size = "large", width = 1, depth = 1, dropout: rate = 0.2 } = options;
  const scaled = (filters: number) => divisible(filters * width);
  const norm = (filters: number, kernel: number, stride = 1, groups = 1) =>
    convNorm(filters, kernel, { stride, groups, epsilon: 1e-3 });
  let channels = scaled(16);

  const bottleneck = (filters: number, stride: number, hard: boolean, { kernel, wide: published, excited }: Block) => {
    const wide = scaled(published);
    const activation = hard ? hardSwish : relu;
    const squeeze = [globalAveragePool(), dense(divisible(wide / 4)), relu(), dense(wide), hardSigmoid()];
    const body = [
      ...(wide === channels ? [] : [...norm(wide, 1), activation()]),
      ...norm(wide, kernel, stride, wide),
      activation(),
      ...(excited ? [gate(squeeze)] : []),
      ...norm(filters, 1),
    ];
    const block: Layer[] = stride === 1 && channels === filters ? [residual(body)] : body;
    channels = filters;
    return block;
  };

  const { stages, units } = published[size];
  const blocks = stages.flatMap(({ filters, stride, hard, blocks: own }) =>
    Array.from({ length: Math.ceil(own.length * depth) }, (_, index) =>
      bottleneck(scaled(filters), index === 0 ? stride : 1, hard, own[Math.min(index, own.length - 1)]!),
    ).flat(),
  );
  return {
    name: nameWithOptions(`mobilenetv3-${size}`, options, mobileNetV3Options),
    input: imageInput(imageSize),
    layers: [
      centred(),
      ...norm(scaled(16), 3, 2),
      hardSwish(),
      ...blocks,
      ...norm(6 * channels, 1),
      hardSwish(),
      globalAveragePool(),
      dense(scaled(units)),
      hardSwish(),
      dropout(rate),
      dense(classes),
    ],
  };
}
