/** What settings come to: the network, the loss, the optimizer and the preparation of batches that they name. */
import type { LossOptions } from "../../engine/loss.ts";
import { adam, adamW, type Optimizer, sgd } from "../../engine/optimizer.ts";
import { policies, withErasing } from "../../image/augmentation/policy.ts";
import { type ArchitectureOptions, networks } from "../../network/architectures.ts";
import type { Network } from "../../network/layer.ts";
import { withStochasticDepth } from "../../network/stochastic-depth.ts";
import type { BatchPreparation } from "../batches.ts";
import { lossFor } from "../imbalance.ts";
import type { Settings } from "./schema.ts";

const optimizers: {
  readonly [K in Settings["optimizer"]]: (settings: Pick<Settings, "weightDecay" | "momentum">) => Optimizer;
} = {
  adam: ({ weightDecay = 0 }) => adam({ weightDecay }),
  adamW: ({ weightDecay = 0.01 }) => adamW({ weightDecay }),
  sgd: ({ weightDecay = 0, momentum = 0.9 }) => sgd({ weightDecay, momentum }),
};

/** The optimizer with its decay and momentum. */
export const optimizerOf = (settings: Pick<Settings, "optimizer" | "weightDecay" | "momentum">): Optimizer =>
  optimizers[settings.optimizer](settings);

const learningRates: { readonly [K in Settings["optimizer"]]: number } = { adam: 0.001, adamW: 0.001, sgd: 0.05 };

/** The highest learning rate: what was given, or the optimizer's own. */
export const learningRateOf = ({ learningRate, optimizer }: Pick<Settings, "learningRate" | "optimizer">): number =>
  learningRate ?? learningRates[optimizer];

/** The architecture that settings name, with their stochastic depth. */
export const networkOf = (
  { network, stochasticDepth }: Pick<Settings, "network" | "stochasticDepth">,
  options: ArchitectureOptions,
): Network =>
  stochasticDepth > 0 ? withStochasticDepth(networks[network](options), stochasticDepth) : networks[network](options);

/** The loss for training images of these labels. */
export const lossOf = (
  { imbalance, labelSmoothing }: Pick<Settings, "imbalance" | "labelSmoothing">,
  labels: ArrayLike<number>,
  classes: number,
): LossOptions => ({ ...lossFor(imbalance, labels, classes), labelSmoothing });

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

/** How the images and targets of a batch are varied. */
export const preparationOf = ({
  augmentation,
  randomErasing,
  mixup,
  cutmix,
}: Pick<Settings, "augmentation" | "randomErasing" | "mixup" | "cutmix">): BatchPreparation => ({
  augmentation:
    randomErasing === undefined ? policies[augmentation] : withErasing(policies[augmentation], randomErasing),
  mixing: { mixup, cutmix },
});
