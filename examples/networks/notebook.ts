/** Three convolutions with pooling and two dense layers: the network with which courses on this set begin, after TensorFlow's tutorial on images. */
import {
  type ArchitectureOptions,
  conv2d,
  dense,
  flatten,
  imageInput,
  maxPool,
  type Network,
  normalize,
  relu,
} from "naevus/network";

export default function notebook({ classes, imageSize = 180 }: ArchitectureOptions): Network {
  return {
    name: "course-notebook",
    input: imageInput(imageSize),
    layers: [
      normalize(),
      conv2d(16, 3),
      relu(),
      maxPool(2),
      conv2d(32, 3),
      relu(),
      maxPool(2),
      conv2d(64, 3),
      relu(),
      maxPool(2),
      flatten(),
      dense(128),
      relu(),
      dense(classes),
    ],
  };
}
