/** Every setting of a training: its type, default and limits, what it decides, and a sentence on it. */
import { z } from "zod";
import { engineNames } from "../../engine/engine.ts";
import { optimizerKinds } from "../../engine/optimizer.ts";
import { parsePolicy } from "../../image/augmentation/parse-policy.ts";
import { policyNames } from "../../image/augmentation/policy.ts";
import { maxPixelsDefault, maxPixelsMost } from "../../image/decoding/pixel-limit-range.ts";
import { geometryNames } from "../../image/geometry.ts";
import { imageSizeSetting, sizeOfSetting } from "../../image/image-size.ts";
import { resamplingFilters } from "../../image/resampling.ts";
import { networkNames } from "../../network/architectures.ts";
import { initializationNames } from "../../network/initialization.ts";
import { parseNetwork } from "../../network/json/parse-network.ts";
import type { Network } from "../../network/layer.ts";
import { imbalanceNames } from "../imbalance.ts";
import { scheduleNames } from "../schedule.ts";
import { nameOrData } from "./data-setting.ts";
import { recipeNames, recipesInWords } from "./recipe-names.ts";

/**
 * What a setting decides:
 *
 * - `images`: which images there are, and which of them are training and which are test images.
 * - `weights`: what is computed. Another value gives other weights.
 * - `speed`: how fast it is computed.
 * - `place`: where something lies on this machine.
 * - `record`: what is written beside the weights, and how often.
 */
export type Aspect = "images" | "weights" | "speed" | "place" | "record";

const setting = <const A extends readonly [Aspect, ...Aspect[]], S extends z.ZodType>(
  decides: A,
  description: string,
  schema: S,
) => ({ decides, schema: schema.describe(description) as S });

/** The most epochs that can be asked for. */
export const mostEpochs = 100_000;

/** The longest side that images may be scaled to. */
const longestSide = 4096;

/** An image size in the form of settings: a number for squares. */
export const imageSizeSchema = sizeUpTo(Number.POSITIVE_INFINITY);

function sizeUpTo(longest: number) {
  return z.union([z.int(), z.templateLiteral([z.int(), "x", z.int()])]).transform((given, context) => {
    const size = sizeOfSetting(given);
    if (size.every((side) => side >= 1 && side <= longest)) return imageSizeSetting(size);
    context.addIssue({ code: "invalid_format", format: "image size" });
    return z.NEVER;
  });
}

const path = () => z.string().min(1).optional();

const entries = {
  data: setting(
    ["place"],
    "Folder of images: Train/<class>/* and Test/<class>/*, or one folder per class (then split at random, by seed)",
    path(),
  ),
  classMap: setting(
    ["images", "place"],
    "CSV with the columns class and becomes, which renames and merges classes, such as all malignant ones into one",
    path(),
  ),
  curation: setting(
    ["images", "place"],
    "Curation plan, as naevus curate writes it; it is applied as the images are read",
    path(),
  ),
  metadata: setting(
    ["images", "place"],
    "CSV of metadata, from which the protocols clean and grouped:K know the lesions",
    path(),
  ),
  protocol: setting(
    ["images"],
    "How training and test images are separated: official (as the folders are), clean (no test image whose content, near " +
      "duplicate or known lesion is among the training images) or grouped:K (one of K folds, which keep such images together); " +
      "an evaluation may also be external (all images)",
    z
      .string()
      .regex(/^(official|clean|external|grouped:([2-9]|[1-9]\d|100))$/)
      .default("official")
      .meta({ expected: "one of official, clean and grouped:K with K from 2 to 100 (to judge also external)" }),
  ),
  fold: setting(["images"], "With grouped:K: the fold that is tested, from 0", z.int().min(0).max(99).optional()),
  groupBy: setting(
    ["images"],
    "What clean and grouped:K never separate, where the metadata tell it: images of one lesion, or all of one patient",
    z.enum(["lesion", "patient"]).default("lesion"),
  ),
  recipe: setting(
    ["record"],
    `Settings that go together, which every setting that is given goes before: ${recipesInWords}`,
    z.enum(recipeNames).optional(),
  ),
  seconds: setting(
    ["record"],
    "Time that the training may take, of a cross-validation each fold: epochs are chosen by the speed measured on this machine, at most the recipe's",
    z.number().positive().max(31_536_000).optional(),
  ),
  network: setting(
    ["weights"],
    "Network to train from scratch: one of those with a name, or your own, as a JSON file, a module (.js, .mjs or .ts, in train and study) or the folder of a run that has it",
    nameOrData(networkNames, (data): Network => parseNetwork(data))
      .default("notebook")
      .meta({ type: "string", choices: networkNames, expected: `one of ${networkNames.join(", ")}, or a network` }),
  ),
  from: setting(
    ["weights", "place"],
    "Run, or model.onnx that naevus wrote, to go on from: its network with its weights, of which the last layer begins anew where the classes are others",
    path(),
  ),
  freeze: setting(
    ["weights"],
    "With from: how many of the network's first layers keep the weights that they begin with",
    z.int().min(0).max(5000).default(0),
  ),
  imageSize: setting(
    ["weights"],
    "Height and width in pixels that images are scaled to, as one number or as HEIGHTxWIDTH; by default the network's own",
    sizeUpTo(longestSide)
      .meta({
        expected: `a whole number of at least 1 and at most ${longestSide}, or two such as 96x128 (height x width)`,
      })
      .optional(),
  ),
  geometry: setting(
    ["weights"],
    "How an image fills the image size: squash scales each side, fit adds black bars, fill cuts off what overhangs, crop takes the unscaled centre",
    z.enum(geometryNames).default("squash"),
  ),
  resampling: setting(
    ["weights"],
    "How images are scaled up and down: cubic is sharper, linear never overshoots",
    z.enum(resamplingFilters).default("cubic"),
  ),
  maxPixels: setting(
    ["images"],
    "Largest image that is decoded, in millions of pixels; larger ones are left out and named",
    z.number().positive().max(maxPixelsMost).default(maxPixelsDefault),
  ),
  engine: setting(
    ["weights", "speed"],
    "Engine that trains: onednn, or reference, which is plain TypeScript and slow; auto takes onednn where it is installed",
    z.enum(["auto", ...engineNames]).default("auto"),
  ),
  precision: setting(
    ["weights", "speed"],
    "Number format of activations; auto takes bf16 where the processor has instructions for it",
    z.enum(["auto", "f32", "bf16"]).default("auto"),
  ),
  epochs: setting(["weights"], "Passes over the training images", z.int().min(1).max(mostEpochs).default(20)),
  batch: setting(
    ["weights"],
    "Images per step; at most as many as there are training images",
    z.int().min(1).max(65_536).default(32),
  ),
  seed: setting(
    ["images", "weights"],
    "Seed of all randomness: the same seed, data, threads, oneDNN and JavaScript engine give the same weights",
    z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(0),
  ),
  testFraction: setting(
    ["images"],
    "Fraction of each class that is kept for testing where the data folder has no Test folder",
    z.number().min(0.01).max(0.9).default(0.2),
  ),
  optimizer: setting(["weights"], "How gradients change the weights", z.enum(optimizerKinds).default("adam")),
  learningRate: setting(
    ["weights"],
    "Highest learning rate; by default 0.001 for adam, adamW and rmsProp, 0.05 for sgd, 0.0001 for lion",
    z.number().positive().max(100).optional(),
  ),
  weightDecay: setting(
    ["weights"],
    "Strength of the weight decay; by default 0.01 for adamW, 0 for the others",
    z.number().min(0).max(1).optional(),
  ),
  momentum: setting(
    ["weights"],
    "Momentum of sgd (by default 0.9) or rmsProp (by default 0), the optimizers that have one",
    z.number().min(0).lt(1).optional(),
  ),
  beta1: setting(
    ["weights"],
    "Decay of the running mean of the gradients in adam, adamW and lion; by default 0.9",
    z.number().min(0).lt(1).optional(),
  ),
  beta2: setting(
    ["weights"],
    "Decay of the running mean of the squared gradients in adam and adamW; by default 0.999; of the second mean of lion, 0.99",
    z.number().min(0).lt(1).optional(),
  ),
  epsilon: setting(
    ["weights"],
    "What adam, adamW and rmsProp add to the root of the mean square, so that they never divide by 0; by default 1e-8, in Keras 1e-7",
    z.number().positive().max(1).optional(),
  ),
  nesterov: setting(["weights"], "Use Nesterov's momentum with sgd", z.boolean().default(false)),
  rho: setting(
    ["weights"],
    "Decay of rmsProp's mean of squared gradients; by default 0.99",
    z.number().min(0).lt(1).optional(),
  ),
  clipNorm: setting(
    ["weights"],
    "Largest norm of all gradients together, such as 1; larger gradients are scaled down to it",
    z.number().positive().max(1e6).optional(),
  ),
  clipValue: setting(
    ["weights"],
    "Largest absolute value of a number in a gradient; larger ones are set to it",
    z.number().positive().max(1e6).optional(),
  ),
  centralize: setting(
    ["weights"],
    "Subtract the mean from the gradient of each filter and unit (gradient centralization)",
    z.boolean().default(false),
  ),
  schedule: setting(
    ["weights"],
    "How the learning rate goes on after the warm-up: cosine, polynomial and warmRestarts fall towards 0, step falls every so many epochs, oneCycle rises and " +
      "falls over the whole run, plateau falls when the validation loss does not (it needs validation)",
    z.enum(scheduleNames).default("cosine"),
  ),
  stepEpochs: setting(
    ["weights"],
    "Of the schedule step: epochs after which the rate falls again; by default a third of those after the warm-up",
    z.number().positive().max(100_000).optional(),
  ),
  gamma: setting(
    ["weights"],
    "Of the schedules step and plateau: what the rate is multiplied by when it falls; by default 0.1",
    z.number().positive().lt(1).optional(),
  ),
  power: setting(
    ["weights"],
    "Of the schedule polynomial: the power; by default 1, a line",
    z.number().positive().max(100).optional(),
  ),
  cycleEpochs: setting(
    ["weights"],
    "Of the schedule warmRestarts: epochs of the first cycle; by default as many as let three cycles fill the run",
    z.number().min(0.01).max(100_000).optional(),
  ),
  cycleFactor: setting(
    ["weights"],
    "Of the schedule warmRestarts: how many times longer each cycle is than the one before; by default 2",
    z.number().min(1).max(100).optional(),
  ),
  plateauPatience: setting(
    ["weights"],
    "Of the schedule plateau: epochs without a lower validation loss after which the rate falls; by default 5",
    z.int().min(0).max(100_000).optional(),
  ),
  warmupEpochs: setting(
    ["weights"],
    "Epochs in which the learning rate rises, at most half of the run; the schedule oneCycle has a rise of its own instead",
    z.number().min(0).max(100_000).default(1),
  ),
  imbalance: setting(
    ["weights"],
    "How rare classes are treated: weights in the loss, drawing their images more often, dropping images of the others, or another loss",
    z.enum(imbalanceNames).default("none"),
  ),
  augmentation: setting(
    ["weights"],
    "How training images are varied: flips only; standard also rotates, scales and recolours; strong does more of all that; or a policy of your own, as a JSON file",
    nameOrData(policyNames, (data) => parsePolicy(data))
      .default("none")
      .meta({ type: "string", choices: policyNames, expected: `one of ${policyNames.join(", ")}, or a policy` }),
  ),
  randomErasing: setting(
    ["weights"],
    "Probability with which a rectangle of 2 to 20 % of a training image becomes noise; by default the augmentation's own, 0.25 for strong and 0 for the others",
    z.number().min(0).max(1).optional(),
  ),
  mixup: setting(
    ["weights"],
    "Alpha of mixup, which blends two images; 0 for none",
    z.number().min(0).max(100).default(0),
  ),
  cutmix: setting(
    ["weights"],
    "Alpha of CutMix, which pastes a piece of one image into another; 0 for none",
    z.number().min(0).max(100).default(0),
  ),
  initialization: setting(
    ["weights"],
    "What weights are drawn from in layers that do not say so themselves; by default as the network says, else heNormal",
    z.enum(initializationNames).optional(),
  ),
  normalizationMomentum: setting(
    ["weights"],
    "Part that the running statistics of every batch normalisation take of each batch's; by default as the network's layers say, mostly 0.1",
    z.number().positive().max(1).optional(),
  ),
  normalizationEpsilon: setting(
    ["weights"],
    "What every batch normalisation adds to the variance; by default as the network's layers say, mostly 0.00001",
    z.number().positive().max(1).optional(),
  ),
  stochasticDepth: setting(
    ["weights"],
    "Probability with which an image skips the last residual block in training; it grows linearly from 0 at the first block; 0 for none",
    z.number().min(0).lt(1).default(0),
  ),
  labelSmoothing: setting(
    ["weights"],
    "Fraction of each target that is spread over all classes: evenly, or by class frequency with logitAdjustment",
    z.number().min(0).lt(1).default(0),
  ),
  averaging: setting(
    ["weights"],
    "Decay per step of the moving average of the weights that becomes the model, such as 0.99; 0 for none",
    z.number().min(0).lt(1).default(0),
  ),
  swa: setting(
    ["weights"],
    "Fraction of the epochs, such as 0.75, after which stochastic weight averaging begins: the model is the mean of the weights at the ends of the later ones, after " +
      "each of which the training images are gone through once more for batch normalisation; 0 for none",
    z.number().min(0).lt(1).default(0),
  ),
  sam: setting(
    ["weights"],
    "Radius rho of sharpness-aware minimization, such as 0.05; each step computes gradients twice and takes nearly twice as long; 0 for none",
    z.number().min(0).max(100).default(0),
  ),
  validation: setting(
    ["weights"],
    "Fraction of the training images that is held out for validation, near duplicates and known lesions together: the weights " +
      "of the epoch with the lowest validation loss become the model, and the temperature is fitted on these images; 0 for none",
    z.number().min(0).max(0.5).default(0),
  ),
  keep: setting(
    ["weights"],
    "With validation: whether the weights of the best epoch become the model, or those of the last one, as in Keras without callbacks",
    z.enum(["best", "last"]).default("best"),
  ),
  patience: setting(
    ["weights"],
    "Epochs without a lower validation loss after which training stops early; 0 for never",
    z.int().min(0).max(100_000).default(0),
  ),
  threads: setting(
    ["weights", "speed"],
    "Threads of the engine; by default one per processor core",
    z.int().min(1).max(1024).optional(),
  ),
  checkpointSeconds: setting(
    ["record"],
    "Longest time between two checkpoints; one is also written after each epoch",
    z.number().positive().max(86_400).default(60),
  ),
  tensorboard: setting(
    ["record"],
    "Also write the figures of each epoch as events for TensorBoard",
    z.boolean().default(false),
  ),
  hashes: setting(
    ["record"],
    "Digests of the training images in model.onnx, by which every evaluation recognises these images and leaves them out",
    z.boolean().default(true),
  ),
  out: setting(["place"], "New folder for the run; by default runs/<network>-<date>-<time>", path()),
  cache: setting(
    ["place"],
    "Folder for decoded images; by default $XDG_CACHE_HOME/naevus or ~/.cache/naevus, else one in the temporary folder",
    path(),
  ),
};

/** Every setting as the schema tells of it. */
export type Entries = typeof entries;

const each = <V>(value: (entry: Entries[SettingName]) => V) =>
  Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, value(entry)]));

/** Checks settings and fills in their defaults; an unknown key is refused. */
export const settingsSchema = z.strictObject(
  each(({ schema }) => schema) as { readonly [K in keyof Entries]: Entries[K]["schema"] },
);

/** What a user gives: every key may be left out. */
export type SettingsInput = z.input<typeof settingsSchema>;

/** Checked settings with their defaults. */
export type Settings = z.output<typeof settingsSchema>;

/** The name of a setting. */
export type SettingName = keyof Entries;

/** What each setting decides, the settings in their order. */
export const aspectsOf = each((entry): readonly Aspect[] => entry.decides) as Readonly<
  Record<SettingName, readonly Aspect[]>
>;

/** The settings that decide `A`, among other things. */
export type SettingThat<A extends Aspect> = {
  [K in SettingName]: A extends Entries[K]["decides"][number] ? K : never;
}[SettingName];
