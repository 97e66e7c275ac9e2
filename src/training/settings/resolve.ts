/** What settings come to: the network, the loss, the optimizer and the preparation of batches that they name. */
import type { CrossEntropyOptions } from "../../engine/loss.ts";
import { adam, adamW, type Optimizer, sgd } from "../../engine/optimizer.ts";
import { type AugmentationPolicy, policies, withErasing } from "../../image/augmentation/policy.ts";
import { sizeOfSetting } from "../../image/image-size.ts";
import { type ArchitectureOptions, imageInput, networks } from "../../network/architectures.ts";
import type { Network } from "../../network/layer.ts";
import { withNormalization } from "../../network/normalization-numbers.ts";
import { withStochasticDepth } from "../../network/stochastic-depth.ts";
import type { BatchPreparation } from "../batches.ts";
import { lossFor } from "../imbalance.ts";
import type { Settings } from "./schema.ts";

type OptimizerSettings = Pick<Settings, "weightDecay" | "momentum" | "beta1" | "beta2" | "epsilon">;

const optimizers: {
  readonly [K in Settings["optimizer"]]: (settings: OptimizerSettings) => Optimizer;
} = {
  adam: ({ weightDecay = 0, ...others }) => adam({ weightDecay, ...adamNumbers(others) }),
  adamW: ({ weightDecay = 0.01, ...others }) => adamW({ weightDecay, ...adamNumbers(others) }),
  sgd: ({ weightDecay = 0, momentum = 0.9 }) => sgd({ weightDecay, momentum }),
};

const adamNumbers = ({ beta1, beta2, epsilon }: OptimizerSettings) => ({
  ...(beta1 !== undefined && { beta1 }),
  ...(beta2 !== undefined && { beta2 }),
  ...(epsilon !== undefined && { epsilon }),
});

/** The optimizer with its numbers. */
export const optimizerOf = (settings: Pick<Settings, "optimizer"> & OptimizerSettings): Optimizer =>
  optimizers[settings.optimizer](settings);

const learningRates: { readonly [K in Settings["optimizer"]]: number } = { adam: 0.001, adamW: 0.001, sgd: 0.05 };

/** The highest learning rate: what was given, or the optimizer's own. */
export const learningRateOf = ({ learningRate, optimizer }: Pick<Settings, "learningRate" | "optimizer">): number =>
  learningRate ?? learningRates[optimizer];

/** What a network is made for: so many classes, and the images' size where the settings say one. */
export const architectureOptionsOf = (
  { imageSize }: Pick<Settings, "imageSize">,
  classes: number,
): ArchitectureOptions => {
  if (imageSize === undefined) return { classes };
  return { classes, imageSize: typeof imageSize === "number" ? imageSize : sizeOfSetting(imageSize) };
};

/**
 * The network that settings name or hold, at the images' size where one is given, with their stochastic depth and frozen layers, their initialisation, and
 * their numbers of batch normalisation.
 */
export function networkOf(
  {
    network: chosen,
    stochasticDepth,
    freeze,
    initialization,
    ...normalization
  }: Pick<
    Settings,
    "network" | "stochasticDepth" | "freeze" | "initialization" | "normalizationMomentum" | "normalizationEpsilon"
  >,
  options: ArchitectureOptions,
): Network {
  const whole = typeof chosen === "string" ? networks[chosen](options) : atImageSize(chosen, options);
  const { normalizationMomentum: momentum, normalizationEpsilon: epsilon } = normalization;
  const network = {
    ...withNormalization(whole, { momentum, epsilon }),
    ...(freeze > 0 && { frozen: freeze }),
    ...(initialization && { initialization }),
  };
  return stochasticDepth > 0 ? withStochasticDepth(network, stochasticDepth) : network;
}

const atImageSize = (network: Network, { imageSize }: ArchitectureOptions): Network =>
  imageSize === undefined ? network : { ...network, input: imageInput(imageSize, network.input.channels) };

/** The loss for training images of these labels. */
export const lossOf = (
  { imbalance, labelSmoothing }: Pick<Settings, "imbalance" | "labelSmoothing">,
  labels: ArrayLike<number>,
  classes: number,
): CrossEntropyOptions => ({ ...lossFor(imbalance, labels, classes), labelSmoothing });

/** What the training loop is told: its length and learning rate, which images it draws, and which weights it keeps. */
export const loopOptionsOf = ({
  epochs,
  seed,
  schedule,
  warmupEpochs,
  imbalance,
  averaging,
  patience,
}: Pick<Settings, "epochs" | "seed" | "schedule" | "warmupEpochs" | "imbalance" | "averaging" | "patience">) => ({
  epochs,
  seed,
  schedule,
  warmupEpochs,
  imbalance,
  averaging,
  patience,
});

const policyOf = (augmentation: Settings["augmentation"]): AugmentationPolicy =>
  typeof augmentation === "string" ? policies[augmentation] : augmentation;

/** How the images and targets of a batch are varied. */
export const preparationOf = ({
  augmentation,
  randomErasing,
  mixup,
  cutmix,
}: Pick<Settings, "augmentation" | "randomErasing" | "mixup" | "cutmix">): BatchPreparation => ({
  augmentation:
    randomErasing === undefined ? policyOf(augmentation) : withErasing(policyOf(augmentation), randomErasing),
  mixing: { mixup, cutmix },
});
