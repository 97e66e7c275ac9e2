/** The named architectures: functions from the number of classes, the image size and further options to a network. */

import { type ConvNeXtOptions, convNeXt, convNeXtOptions } from "./architectures/convnext.ts";
import { type DenseNetOptions, denseNet, denseNetOptions } from "./architectures/densenet.ts";
import {
  type EfficientNetV2Options,
  efficientNetV2,
  efficientNetV2Options,
  efficientnetV2Mini,
} from "./architectures/efficientnet.ts";
import { type GoogLeNetOptions, googLeNet, googLeNetOptions } from "./architectures/inception.ts";
import { type MobileNetV3Options, mobileNetV3, mobileNetV3Options } from "./architectures/mobilenet.ts";
import { notebook } from "./architectures/notebook.ts";
import { type ArchitectureOptions, type OptionTable, optionsFromText } from "./architectures/options.ts";
import { type ResNetOptions, resNet, resNetOptions, resnet18w32 } from "./architectures/resnet.ts";
import { type VggOptions, vgg, vggOptions } from "./architectures/vgg.ts";
import type { Network } from "./layer.ts";

export { type ArchitectureOptions, imageInput } from "./architectures/options.ts";

/** Every architecture by the name that users type. */
export const networks = {
  /** Three 3x3 convolutions with pooling, then two dense layers; 180x180, 4.0 M parameters. */
  notebook,
  /** ResNet-18 at half width; 128x128, 2.8 M parameters. */
  "resnet18-w32": resnet18w32,
  /** A small EfficientNetV2; 128x128, 2.3 M parameters. */
  "efficientnetv2-mini": efficientnetV2Mini,
  /** {@link vgg} of 11 layers with weights. */
  vgg11: (options: Omit<VggOptions, "depth">) => vgg({ ...options, depth: 11 }),
  /** {@link vgg} of 13 layers with weights. */
  vgg13: (options: Omit<VggOptions, "depth">) => vgg({ ...options, depth: 13 }),
  /** {@link vgg} of 16 layers with weights. */
  vgg16: (options: Omit<VggOptions, "depth">) => vgg({ ...options, depth: 16 }),
  /** {@link vgg} of 19 layers with weights. */
  vgg19: (options: Omit<VggOptions, "depth">) => vgg({ ...options, depth: 19 }),
  /** {@link resNet} of 18 layers with weights. */
  resnet18: (options: Omit<ResNetOptions, "depth">) => resNet({ ...options, depth: 18 }),
  /** {@link resNet} of 34 layers with weights. */
  resnet34: (options: Omit<ResNetOptions, "depth">) => resNet({ ...options, depth: 34 }),
  /** {@link resNet} of 50 layers with weights. */
  resnet50: (options: Omit<ResNetOptions, "depth">) => resNet({ ...options, depth: 50 }),
  /** {@link denseNet} as published. */
  densenet121: (options: DenseNetOptions) => denseNet(options),
  /** {@link googLeNet} as published. */
  googlenet: (options: GoogLeNetOptions) => googLeNet(options),
  /** {@link mobileNetV3}, small. */
  "mobilenetv3-small": (options: Omit<MobileNetV3Options, "size">) => mobileNetV3({ ...options, size: "small" }),
  /** {@link mobileNetV3}, large. */
  "mobilenetv3-large": (options: Omit<MobileNetV3Options, "size">) => mobileNetV3({ ...options, size: "large" }),
  /** {@link efficientNetV2} B0. */
  "efficientnetv2-b0": (options: Omit<EfficientNetV2Options, "size">) => efficientNetV2({ ...options, size: "b0" }),
  /** {@link efficientNetV2} S. */
  "efficientnetv2-s": (options: Omit<EfficientNetV2Options, "size">) => efficientNetV2({ ...options, size: "s" }),
  /** {@link convNeXt} as published. */
  "convnext-tiny": (options: ConvNeXtOptions) => convNeXt(options),
} as const satisfies Record<string, (options: ArchitectureOptions) => Network>;

/** The name of an architecture. */
export type NetworkName = keyof typeof networks;

/** The names of all architectures. */
export const networkNames = Object.keys(networks) as [NetworkName, ...NetworkName[]];

/** What each takes beside the number of classes and the image size. */
export const networkOptions: { readonly [N in NetworkName]: OptionTable } = {
  notebook: {},
  "resnet18-w32": {},
  "efficientnetv2-mini": {},
  vgg11: vggOptions,
  vgg13: vggOptions,
  vgg16: vggOptions,
  vgg19: vggOptions,
  resnet18: resNetOptions,
  resnet34: resNetOptions,
  resnet50: resNetOptions,
  densenet121: denseNetOptions,
  googlenet: googLeNetOptions,
  "mobilenetv3-small": mobileNetV3Options,
  "mobilenetv3-large": mobileNetV3Options,
  "efficientnetv2-b0": efficientNetV2Options,
  "efficientnetv2-s": efficientNetV2Options,
  "convnext-tiny": convNeXtOptions,
};

/**
 * The function that a name with options stands for, such as `resnet50:width=32,stem=3x3`; undefined where what stands before the colon is no
 * name of an architecture.
 *
 * @throws NetworkError for an option that it does not know, or a value that it cannot have
 */
export function networkFromText(text: string): ((options: ArchitectureOptions) => Network) | undefined {
  const colon = text.indexOf(":");
  const name = networkNames.find((known) => colon > 0 && known === text.slice(0, colon));
  if (name === undefined) return undefined;
  const given = optionsFromText(name, text.slice(colon + 1), networkOptions[name]);
  return (options) => networks[name]({ ...options, ...given });
}
