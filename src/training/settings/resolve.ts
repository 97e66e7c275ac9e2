/** What settings come to: the network, the loss, the optimizer and the preparation of batches that they name. */
import type { CrossEntropyOptions } from "../../engine/loss.ts";
import { adam, adamW, lion, type Optimizer, rmsProp, sgd } from "../../engine/optimizer.ts";
import { type AugmentationPolicy, policies, withErasing } from "../../image/augmentation/policy.ts";
import { sizeOfSetting } from "../../image/image-size.ts";
import { type ArchitectureOptions, imageInput, networks } from "../../network/architectures.ts";
import type { Network } from "../../network/layer.ts";
import { withNormalization } from "../../network/normalization-numbers.ts";
import { withStochasticDepth } from "../../network/stochastic-depth.ts";
import type { BatchPreparation } from "../batches.ts";
import { lossFor } from "../imbalance.ts";
import type { ScheduleNumber } from "../schedule.ts";
import type { Settings } from "./schema.ts";

/** The settings that make an optimizer. */
type OptimizerSettings = Pick<
  Settings,
  | "optimizer"
  | "weightDecay"
  | "momentum"
  | "beta1"
  | "beta2"
  | "epsilon"
  | "nesterov"
  | "rho"
  | "clipNorm"
  | "clipValue"
  | "centralize"
>;

/** What each optimizer takes beside its decay and what is done with gradients. */
const optimizers: { readonly [K in Settings["optimizer"]]: (settings: OptimizerSettings) => Optimizer } = {
  adam: ({ beta1, beta2, epsilon, ...settings }) => adam({ ...gradientOptionsOf(settings), beta1, beta2, epsilon }),
  adamW: ({ beta1, beta2, epsilon, ...settings }) => adamW({ ...gradientOptionsOf(settings), beta1, beta2, epsilon }),
  sgd: ({ momentum, nesterov, ...settings }) => sgd({ ...gradientOptionsOf(settings), momentum, nesterov }),
  rmsProp: ({ rho, momentum, epsilon, ...settings }) =>
    rmsProp({ ...gradientOptionsOf(settings), rho, momentum, epsilon }),
  lion: ({ beta1, beta2, ...settings }) => lion({ ...gradientOptionsOf(settings), beta1, beta2 }),
};

/** What every optimizer takes. */
const gradientOptionsOf = ({
  weightDecay,
  clipNorm,
  clipValue,
  centralize,
}: Pick<OptimizerSettings, "weightDecay" | "clipNorm" | "clipValue" | "centralize">) => ({
  weightDecay,
  clipNorm,
  clipValue,
  centralize,
});

/** The optimizer with its numbers; those that are not given are its own. */
export const optimizerOf = (settings: OptimizerSettings): Optimizer => optimizers[settings.optimizer](settings);

const learningRates: { readonly [K in Settings["optimizer"]]: number } = {
  adam: 0.001,
  adamW: 0.001,
  sgd: 0.05,
  rmsProp: 0.001,
  lion: 0.0001,
};

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
  stepEpochs,
  gamma,
  power,
  cycleEpochs,
  cycleFactor,
  plateauPatience,
  warmupEpochs,
  imbalance,
  averaging,
  swa,
  sam,
  patience,
}: Pick<
  Settings,
  | "epochs"
  | "seed"
  | "schedule"
  | ScheduleNumber
  | "warmupEpochs"
  | "imbalance"
  | "averaging"
  | "swa"
  | "sam"
  | "patience"
>) => ({
  epochs,
  seed,
  schedule,
  scheduleNumbers: { stepEpochs, gamma, power, cycleEpochs, cycleFactor, plateauPatience },
  warmupEpochs,
  imbalance,
  averaging,
  swa,
  sam,
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
