/** A small residual network (He et al. 2016): what a block adds to its input is learned, so that gradients reach the first layers. */
import {
  type ArchitectureOptions,
  batchNorm,
  conv2d,
  dense,
  globalAveragePool,
  imageInput,
  type Layer,
  type Network,
  normalize,
  relu,
  residual,
} from "naevus/network";

const convolution = (filters: number, kernel: number, stride = 1): Layer[] => [
  conv2d(filters, kernel, { stride, bias: false }),
  batchNorm(),
];

/** A block that halves the map needs a shortcut of the same shape: a 1x1 convolution. */
const block = (filters: number, stride: 1 | 2): Layer[] => [
  residual(
    [...convolution(filters, 3, stride), relu(), ...convolution(filters, 3)],
    stride === 1 ? [] : convolution(filters, 1, stride),
  ),
  relu(),
];

export default function smallResidual({ classes, imageSize = 96 }: ArchitectureOptions): Network {
  return {
    name: "course-small-residual",
    input: imageInput(imageSize),
    layers: [
      normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
      ...convolution(32, 3, 2),
      relu(),
      ...block(32, 1),
      ...block(64, 2),
      ...block(128, 2),
      globalAveragePool(),
      dense(classes),
    ],
  };
}
