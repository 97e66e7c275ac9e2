/** A small network of every family of architectures: what shows in a moment whether an engine or a file has all that they need. */
import { networks } from "./architectures.ts";
import type { Network } from "./layer.ts";

/** Large enough for every network, and small enough for the reference engine. */
const size = { imageSize: 32, classes: 3 };

/** Each with a name of its own, which `--network` takes. They tell three classes of images of 32x32 apart. */
export const smallNetworks: readonly Network[] = [
  networks.notebook(size),
  networks["resnet18-w32"](size),
  networks["efficientnetv2-mini"](size),
  networks.vgg11({ ...size, width: 4 }),
  networks.resnet50({ ...size, width: 4, stages: [1, 1, 1, 1] }),
  networks.densenet121({ ...size, growth: 4, stages: [2, 2, 2, 2] }),
  networks["mobilenetv3-small"]({ ...size, width: 0.25, depth: 0.5 }),
  networks["efficientnetv2-b0"]({ ...size, width: 0.25, depth: 0.5 }),
  networks.googlenet({ ...size, width: 8, stages: [1, 1, 1] }),
  networks["convnext-tiny"]({ ...size, width: 8, stages: [1, 1, 1, 1] }),
];
