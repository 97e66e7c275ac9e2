/** Convolutions whose channels are weighed by squeeze-and-excitation (Hu et al. 2018): each image says which of them matter. */
import {
  type ArchitectureOptions,
  batchNorm,
  conv2d,
  dense,
  dropout,
  globalAveragePool,
  imageInput,
  type Layer,
  maxPool,
  type Network,
  normalize,
  relu,
  squeezeExcite,
} from "naevus/network";

/** The first dense layer of the gate has an eighth of the channels. */
const block = (filters: number): Layer[] => [
  conv2d(filters, 3, { bias: false }),
  batchNorm(),
  relu(),
  squeezeExcite(filters, filters / 8),
  maxPool(2),
];

export default function squeezeExcitation({ classes, imageSize = 96 }: ArchitectureOptions): Network {
  return {
    name: "course-squeeze-excitation",
    input: imageInput(imageSize),
    layers: [normalize(), ...block(32), ...block(64), ...block(128), globalAveragePool(), dropout(0.3), dense(classes)],
  };
}
