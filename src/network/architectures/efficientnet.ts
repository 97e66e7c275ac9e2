import { dense, globalAveragePool, type Layer, type Network, relu, residual, squeezeExcite } from "../layer.ts";
import { centred, convNorm } from "./blocks.ts";
import { type ArchitectureOptions, imageInput } from "./options.ts";

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
    ? [...convNorm(wide, 3, { stride }), relu()]
    : [
        ...convNorm(wide, 1),
        relu(),
        ...convNorm(wide, 3, { stride, groups: wide }),
        relu(),
        squeezeExcite(wide, channels / 4),
      ];
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
      centred(),
      ...convNorm(32, 3, { stride: 2 }),
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
