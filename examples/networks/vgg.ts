/** Pairs of 3x3 convolutions, after VGG (Simonyan and Zisserman 2015), with batch normalisation (Ioffe and Szegedy 2015) and dropout (Srivastava et al. 2014). */
import {
  type ArchitectureOptions,
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  imageInput,
  type Layer,
  maxPool,
  type Network,
  normalize,
  relu,
} from "naevus/network";

const convolution = (filters: number): Layer[] => [conv2d(filters, 3, { bias: false }), batchNorm(), relu()];

/** Two convolutions see 5x5 pixels with fewer weights than one of that size; pooling halves the map. */
const block = (filters: number, rate: number): Layer[] => [
  ...convolution(filters),
  ...convolution(filters),
  maxPool(2),
  dropout(rate),
];

export default function vgg({ classes, imageSize = 96 }: ArchitectureOptions): Network {
  return {
    name: "course-vgg",
    input: imageInput(imageSize),
    layers: [
      normalize(),
      ...block(32, 0.1),
      ...block(64, 0.2),
      ...block(128, 0.3),
      flatten(),
      dense(256),
      relu(),
      dropout(0.5),
      dense(classes),
    ],
  };
}
