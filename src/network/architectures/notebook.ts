import { conv2d, dense, flatten, maxPool, type Network, normalize, relu } from "../layer.ts";
import { type ArchitectureOptions, imageInput } from "./options.ts";

/** The course notebook's network: three 3x3 convolutions with pooling, then two dense layers; 180x180, 4.0 M parameters. */
export function notebook({ classes, imageSize = 180 }: ArchitectureOptions): Network {
  const features = [16, 32, 64].flatMap((filters) => [conv2d(filters, 3), relu(), maxPool(2)]);
  return {
    name: "notebook",
    input: imageInput(imageSize),
    layers: [normalize(), ...features, flatten(), dense(128), relu(), dense(classes)],
  };
}
