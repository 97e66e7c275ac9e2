/** The networks whose speed is set beside PyTorch's; `bench/pytorch_peer.py` and `bench/pytorch_networks.py` have the same ones. */
import type { NetworkName } from "../network/architectures.ts";

/** The networks on which all is measured. */
export const benchmarkNetworks = ["notebook", "resnet18-w32"] as const satisfies readonly NetworkName[];

/** The networks on which training is measured, unless the bench is a quick one: one of each family, and of ResNet one of each kind of block. */
export const trainingNetworks: readonly NetworkName[] = [
  ...benchmarkNetworks,
  "vgg11",
  "resnet18",
  "resnet50",
  "densenet121",
  "googlenet",
  "mobilenetv3-large",
  "efficientnetv2-b0",
  "convnext-tiny",
];
