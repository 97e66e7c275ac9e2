/** The named architectures: functions from (image size, number of classes) to a network. */
import {
  batchNorm,
  conv2d,
  dense,
  flatten,
  globalAveragePool,
  type HeightWidth,
  type Layer,
  maxPool,
  type Network,
  normalize,
  relu,
  residual,
  squeezeExcite,
} from "./layer.ts";

/** What an architecture is made for. */
export interface ArchitectureOptions {
  readonly classes: number;
  /** Height and width of the input in pixels, one number for a square; by default the architecture's own. */
  readonly imageSize?: number | HeightWidth;
}

/** The input of a network for images of that size: one number for a square, or height and width; 3 channels for RGB, or 1. */
export function imageInput(imageSize: number | HeightWidth, channels = 3): Network["input"] {
  const [height, width] = typeof imageSize === "number" ? [imageSize, imageSize] : imageSize;
  return { channels, height, width };
}

/** The course notebook's network: three 3x3 convolutions with pooling, then two dense layers; 180x180, 4.0 M parameters. */
export function notebook({ classes, imageSize = 180 }: ArchitectureOptions): Network {
  const features = [16, 32, 64].flatMap((filters) => [conv2d(filters, 3), relu(), maxPool(2)]);
  return {
    name: "notebook",
    input: imageInput(imageSize),
    layers: [normalize(), ...features, flatten(), dense(128), relu(), dense(classes)],
  };
}

const convNorm = (filters: number, kernel: number, stride = 1, groups = 1): Layer[] => [
  conv2d(filters, kernel, { stride, groups, bias: false }),
  batchNorm(),
];

const basicBlock = (channels: number, filters: number, stride: number): Layer[] => [
  residual(
    [...convNorm(filters, 3, stride), relu(), ...convNorm(filters, 3)],
    stride === 1 && channels === filters ? [] : convNorm(filters, 1, stride),
  ),
  relu(),
];

/** ResNet-18 (He et al. 2016) at half width with a 3x3 stride-2 stem, for 128x128; 2.8 M parameters. */
export function resnet18w32({ classes, imageSize = 128 }: ArchitectureOptions): Network {
  const blocks = [32, 64, 128, 256].flatMap((filters, stage) => [
    ...basicBlock(stage === 0 ? 32 : filters / 2, filters, stage === 0 ? 1 : 2),
    ...basicBlock(filters, filters, 1),
  ]);
  return {
    name: "resnet18-w32",
    input: imageInput(imageSize),
    layers: [
      normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
      ...convNorm(32, 3, 2),
      relu(),
      ...blocks,
      globalAveragePool(),
      dense(classes),
    ],
  };
}

interface Bottleneck {
  readonly filters: number;
  readonly stride: number;
  readonly expansion: number;
  /** One 3x3 convolution instead of a 1x1 and a depthwise one, and no squeeze-and-excitation. */
  readonly fused?: boolean;
}

/** An inverted bottleneck (Sandler et al. 2018): the channels are widened, convolved, and projected without a rectifier. */
const invertedBottleneck = (channels: number, { filters, stride, expansion, fused = false }: Bottleneck): Layer[] => {
  const wide = channels * expansion;
  const widened = fused
    ? [...convNorm(wide, 3, stride), relu()]
    : [...convNorm(wide, 1), relu(), ...convNorm(wide, 3, stride, wide), relu(), squeezeExcite(wide, channels / 4)];
  const body = [...widened, ...convNorm(filters, 1)];
  return stride === 1 && channels === filters ? [residual(body)] : body;
};

/**
 * EfficientNetV2-B0 (Tan and Le 2021) for 128x128 and small sets: rectifiers instead of SiLU, 12 blocks instead of 21, and half the last
 * convolution's filters; 2.3 M parameters.
 */
export function efficientnetV2Mini({ classes, imageSize = 128 }: ArchitectureOptions): Network {
  const stages: readonly (readonly [blocks: number, Bottleneck])[] = [
    [2, { filters: 32, stride: 2, expansion: 4, fused: true }],
    [2, { filters: 48, stride: 2, expansion: 4, fused: true }],
    [3, { filters: 96, stride: 2, expansion: 4 }],
    [2, { filters: 112, stride: 1, expansion: 6 }],
    [3, { filters: 192, stride: 2, expansion: 6 }],
  ];
  let channels = 16;
  const blocks = stages.flatMap(([count, first]) =>
    Array.from({ length: count }, (_, index) => {
      const block = invertedBottleneck(channels, index === 0 ? first : { ...first, stride: 1 });
      channels = first.filters;
      return block;
    }).flat(),
  );
  return {
    name: "efficientnetv2-mini",
    input: imageInput(imageSize),
    layers: [
      normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
      ...convNorm(32, 3, 2),
      relu(),
      ...convNorm(16, 3),
      relu(),
      ...blocks,
      ...convNorm(640, 1),
      relu(),
      globalAveragePool(),
      dense(classes),
    ],
  };
}

/** Every architecture by the name that users type. */
export const networks = {
  /** Three 3x3 convolutions with pooling, then two dense layers; 180x180, 4.0 M parameters. */
  notebook,
  /** ResNet-18 at half width; 128x128, 2.8 M parameters. */
  "resnet18-w32": resnet18w32,
  /** A small EfficientNetV2; 128x128, 2.3 M parameters. */
  "efficientnetv2-mini": efficientnetV2Mini,
} as const satisfies Record<string, (options: ArchitectureOptions) => Network>;

/** The name of an architecture. */
export type NetworkName = keyof typeof networks;

/** The names of all architectures. */
export const networkNames = Object.keys(networks) as [NetworkName, ...NetworkName[]];
