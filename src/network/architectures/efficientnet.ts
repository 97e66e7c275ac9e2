import {
  dense,
  dropout,
  gate,
  globalAveragePool,
  type Layer,
  type Network,
  relu,
  residual,
  sigmoid,
  silu,
} from "../layer.ts";
import { centred, convNorm, divisible } from "./blocks.ts";
import { type ArchitectureOptions, checkOptions, imageInput, nameWithOptions, type OptionTable } from "./options.ts";

/** What {@link efficientNetV2} takes. */
export interface EfficientNetV2Options extends ArchitectureOptions {
  /** Which of the published networks; default `b0`. */
  readonly size?: "b0" | "s";
  /** Factor of all filters, which are then rounded to multiples of 8; default 1. */
  readonly width?: number;
  /** Factor of the blocks of each stage, rounded up; default 1. */
  readonly depth?: number;
  /** Rate of the dropout before the last layer; default 0.2. */
  readonly dropout?: number;
}

/** The options that have a name on the command line. */
export const efficientNetV2Options: OptionTable<Omit<EfficientNetV2Options, "size">> = {
  width: { form: "factor", usual: 1, decides: "factor of all filters" },
  depth: { form: "factor", usual: 1, decides: "factor of the blocks of each stage" },
  dropout: { form: "rate", usual: 0.2, decides: "dropout before the last layer" },
};

interface Bottleneck {
  readonly filters: number;
  readonly stride: number;
  readonly expansion: number;
  /** One 3x3 convolution instead of a 1x1 and a depthwise one, and no squeeze-and-excitation. */
  readonly fused?: boolean;
}

/** What inverted bottlenecks have in common. */
interface Style {
  readonly activation: () => Layer;
  readonly epsilon: number;
}

/** An inverted bottleneck (Sandler et al. 2018): the channels are widened, convolved, and projected without an activation. */
const invertedBottleneck = (
  channels: number,
  { filters, stride, expansion, fused = false }: Bottleneck,
  { activation, epsilon }: Style,
): Layer[] => {
  const wide = channels * expansion;
  const units = Math.max(1, Math.floor(channels / 4));
  const norm = (count: number, kernel: number, step = 1, groups = 1) =>
    convNorm(count, kernel, { stride: step, groups, epsilon });
  const excitation = () => gate([globalAveragePool(), dense(units), activation(), dense(wide), sigmoid()]);
  const widened = fused
    ? [...norm(wide, 3, stride), activation()]
    : [...norm(wide, 1), activation(), ...norm(wide, 3, stride, wide), activation(), excitation()];
  const body =
    fused && expansion === 1 ? [...norm(filters, 3, stride), activation()] : [...widened, ...norm(filters, 1)];
  return stride === 1 && channels === filters ? [residual(body)] : body;
};

/** Stages of blocks, of which the first has the stride. */
function stagesOf(first: number, stages: readonly (readonly [blocks: number, Bottleneck])[], style: Style): Layer[] {
  let channels = first;
  return stages.flatMap(([count, block]) =>
    Array.from({ length: count }, (_, index) => {
      const layers = invertedBottleneck(channels, index === 0 ? block : { ...block, stride: 1 }, style);
      channels = block.filters;
      return layers;
    }).flat(),
  );
}

const fused = true;
/** Filters of the first convolution, and the stages. */
const published: {
  readonly [S in "b0" | "s"]: {
    readonly stem: number;
    readonly stages: readonly (readonly [blocks: number, Bottleneck])[];
  };
} = {
  b0: {
    stem: 32,
    stages: [
      [1, { filters: 16, stride: 1, expansion: 1, fused }],
      [2, { filters: 32, stride: 2, expansion: 4, fused }],
      [2, { filters: 48, stride: 2, expansion: 4, fused }],
      [3, { filters: 96, stride: 2, expansion: 4 }],
      [5, { filters: 112, stride: 1, expansion: 6 }],
      [8, { filters: 192, stride: 2, expansion: 6 }],
    ],
  },
  s: {
    stem: 24,
    stages: [
      [2, { filters: 24, stride: 1, expansion: 1, fused }],
      [4, { filters: 48, stride: 2, expansion: 4, fused }],
      [4, { filters: 64, stride: 2, expansion: 4, fused }],
      [6, { filters: 128, stride: 2, expansion: 4 }],
      [9, { filters: 160, stride: 1, expansion: 6 }],
      [15, { filters: 256, stride: 2, expansion: 6 }],
    ],
  },
};

/**
 * EfficientNetV2 (Tan and Le 2021, "EfficientNetV2: Smaller Models and Faster Training"), the small one of the paper and its B0: inverted bottlenecks with SiLU
 * and squeeze-and-excitation, in the first stages with one convolution in place of two. Its stochastic depth is a setting of training (`stochasticDepth`; published:
 * 0.2).
 *
 * @throws NetworkError for an option that it does not know, or a value that it cannot have
 */
export function efficientNetV2(options: EfficientNetV2Options): Network {
  checkOptions("efficientNetV2", options, {
    size: { form: "choice", choices: ["b0", "s"], decides: "which of the published networks" },
    ...efficientNetV2Options,
  });
  const { classes, imageSize = 128, size = "b0", width = 1, depth = 1, dropout: rate = 0.2 } = options;
  const style = { activation: silu, epsilon: 1e-3 };
  const scaled = (filters: number) => divisible(filters * width);
  const conv = (filters: number, kernel: number, stride = 1) => [
    ...convNorm(scaled(filters), kernel, { stride, epsilon: style.epsilon }),
    silu(),
  ];
  const { stem, stages } = published[size];
  const scaledStages = stages.map(
    ([count, block]) => [Math.ceil(count * depth), { ...block, filters: scaled(block.filters) }] as const,
  );
  return {
    name: nameWithOptions(`efficientnetv2-${size}`, options, efficientNetV2Options),
    input: imageInput(imageSize),
    layers: [
      centred(),
      ...conv(stem, 3, 2),
      ...stagesOf(scaled(stem), scaledStages, style),
      ...conv(1280, 1),
      globalAveragePool(),
      dropout(rate),
      dense(classes),
    ],
  };
}

/**
 * EfficientNetV2-B0 (Tan and Le 2021) for 128x128 and small sets: rectifiers instead of SiLU, 12 blocks instead of 21, and half the last
 * convolution's filters; 2.3 M parameters.
 */
export function efficientnetV2Mini({ classes, imageSize = 128 }: ArchitectureOptions): Network {
  const stages: readonly (readonly [blocks: number, Bottleneck])[] = [
    [2, { filters: 32, stride: 2, expansion: 4, fused }],
    [2, { filters: 48, stride: 2, expansion: 4, fused }],
    [3, { filters: 96, stride: 2, expansion: 4 }],
    [2, { filters: 112, stride: 1, expansion: 6 }],
    [3, { filters: 192, stride: 2, expansion: 6 }],
  ];
  return {
    name: "efficientnetv2-mini",
    input: imageInput(imageSize),
    layers: [
      centred(),
      ...convNorm(32, 3, { stride: 2 }),
      relu(),
      ...convNorm(16, 3),
      relu(),
      ...stagesOf(16, stages, { activation: relu, epsilon: 1e-5 }),
      ...convNorm(640, 1),
      relu(),
      globalAveragePool(),
      dense(classes),
    ],
  };
}
