/** Every setting of a training run: one schema from which types, defaults, checks, `--help` and the docs come. */

import { z } from "zod";
import { externalProtocol } from "../../dataset/protocol-summary.ts";
import type { LossOptions } from "../../engine/loss.ts";
import { adam, adamW, type Optimizer, sgd } from "../../engine/optimizer.ts";
import { SettingsError } from "../../errors.ts";
import { policies, policyNames, withErasing } from "../../image/augmentation/policy.ts";
import { maxPixelsDefault, maxPixelsMost } from "../../image/decoding/pixel-limit-range.ts";
import { geometryNames } from "../../image/geometry.ts";
import { resamplingFilters } from "../../image/resampling.ts";
import { type ArchitectureOptions, networkNames, networks } from "../../network/architectures.ts";
import type { Network } from "../../network/layer.ts";
import { residualLayers, withStochasticDepth } from "../../network/stochastic-depth.ts";
import { nearestName } from "../../text/nearest-name.ts";
import type { BatchPreparation } from "../batches.ts";
import { imbalanceNames, lossFor } from "../imbalance.ts";
import { scheduleNames } from "../schedule.ts";

const path = () => z.string().min(1);

export const settingsSchema = z.strictObject({
  data: path()
    .optional()
    .describe("Folder of images: Train/<class>/* and Test/<class>/*, or one folder per class (then split by seed)"),
  classMap: path()
    .optional()
    .describe(
      "CSV with the columns class and becomes: classes are renamed and merged, such as all malignant ones into one",
    ),
  curation: path().optional().describe("Curation plan, as naevus curate writes it, applied as the images are read"),
  metadata: path().optional().describe("CSV of metadata, which tells the protocols clean and grouped:K the lesions"),
  protocol: z
    .string()
    .regex(/^(official|clean|external|grouped:([2-9]|[1-9]\d|100))$/)
    .default("official")
    .meta({ expected: "one of official, clean and grouped:K with K from 2 to 100 (to judge also external)" })
    .describe(
      "How training and test images are separated: official (as the folders are), clean (no test image whose content, near " +
        "duplicate or known lesion stands in training) or grouped:K (one of K folds of whole groups of such images); a model is also judged on external data, all of them",
    ),
  fold: z.int().min(0).max(99).optional().describe("With grouped:K: the fold that is tested, from 0"),
  groupBy: z
    .enum(["lesion", "patient"])
    .default("lesion")
    .describe(
      "What clean and grouped:K never separate, where the metadata tell it: images of one lesion, or all of one patient",
    ),
  network: z.enum(networkNames).default("notebook").describe("Architecture to train from scratch"),
  imageSize: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe("Height and width in pixels that images are scaled to; by default the architecture's own"),
  geometry: z
    .enum(geometryNames)
    .default("squash")
    .describe(
      "How an image fills the square: squash scales each side, fit adds black bars, fill cuts off what overhangs, crop takes the unscaled centre",
    ),
  resampling: z
    .enum(resamplingFilters)
    .default("cubic")
    .describe("How images are made larger and smaller: cubic is sharper, linear never overshoots"),
  maxPixels: z
    .number()
    .positive()
    .max(maxPixelsMost)
    .default(maxPixelsDefault)
    .describe("Largest image that is decoded, in millions of pixels; larger ones are left out and named"),
  engine: z
    .enum(["auto", "onednn", "reference"])
    .default("auto")
    .describe("What computes: oneDNN, or plain TypeScript (slow); auto takes oneDNN where it is installed"),
  precision: z
    .enum(["auto", "f32", "bf16"])
    .default("auto")
    .describe("Number format of activations; auto takes bf16 where the processor is built for it"),
  epochs: z.int().min(1).max(100_000).default(20).describe("Passes over the training images"),
  batch: z.int().min(1).max(65_536).default(32).describe("Images per step; at most as many as there are"),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe("Start of all randomness: same seed, data and threads, same weights"),
  testFraction: z
    .number()
    .min(0.01)
    .max(0.9)
    .default(0.2)
    .describe("Part of each class kept for testing where the data folder has no Test folder"),
  optimizer: z.enum(["adam", "adamW", "sgd"]).default("adam").describe("How gradients change the weights"),
  learningRate: z
    .number()
    .positive()
    .max(100)
    .optional()
    .describe("Highest learning rate; by default 0.001 for adam and adamW, 0.05 for sgd"),
  weightDecay: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("Pull of the weights towards 0; by default 0.01 for adamW, 0 for the others"),
  momentum: z.number().min(0).lt(1).optional().describe("Momentum of sgd, which alone has it; by default 0.9"),
  schedule: z.enum(scheduleNames).default("cosine").describe("Course of the learning rate after the warm-up"),
  warmupEpochs: z
    .number()
    .min(0)
    .max(100_000)
    .default(1)
    .describe("Epochs in which the learning rate rises; at most half of the run"),
  imbalance: z
    .enum(imbalanceNames)
    .default("none")
    .describe(
      "What is done about rare classes: weights in the loss, drawing them more often, dropping images of the others, or another loss",
    ),
  augmentation: z
    .enum(policyNames)
    .default("none")
    .describe("How training images are varied: flips only, or also turned, scaled and recoloured, or more of all that"),
  randomErasing: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      "Probability with which a rectangle of 2 to 20 % of a training image becomes noise; by default the augmentation's own, 0.25 for strong and 0 for the others",
    ),
  mixup: z
    .number()
    .min(0)
    .max(100)
    .default(0)
    .describe("Alpha of mixup, which lays two images over one another; 0 for none"),
  cutmix: z
    .number()
    .min(0)
    .max(100)
    .default(0)
    .describe("Alpha of CutMix, which puts a piece of one image into another; 0 for none"),
  stochasticDepth: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      "Rate at which an image goes without the last residual block in training, growing linearly up to it from 0; 0 for none",
    ),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      "Part of each target that is spread over all classes: evenly, or by their frequency with logitAdjustment",
    ),
  averaging: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("Decay per step of the moving average of the weights that becomes the model, such as 0.99; 0 for none"),
  validation: z
    .number()
    .min(0)
    .max(0.5)
    .default(0)
    .describe(
      "Part of the training images that is not learned from, near duplicates and known lesions whole: the epoch of its lowest loss becomes the model, with the temperature fitted on it; 0 for none",
    ),
  patience: z
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .describe("Epochs without a lower validation loss after which training ends; 0 for all epochs"),
  threads: z.int().min(1).max(1024).optional().describe("Threads of the engine; by default one per processor core"),
  checkpointSeconds: z
    .number()
    .positive()
    .max(86_400)
    .default(60)
    .describe("Longest time between two checkpoints; one is also written after each epoch"),
  tensorboard: z.boolean().default(false).describe("Also write the figures of each epoch as events for TensorBoard"),
  hashes: z
    .boolean()
    .default(true)
    .describe(
      "Whether model.onnx tells, by digests, which images it learned from, so that every judgement can leave these out",
    ),
  out: path().optional().describe("New folder for the run; by default runs/<network>-<date>-<time>"),
  cache: path().optional().describe("Folder for decoded images; by default $XDG_CACHE_HOME/naevus or ~/.cache/naevus"),
});

/** What a user gives: every key may be left out. */
export type SettingsInput = z.input<typeof settingsSchema>;

/** Checked settings with their defaults. */
export type Settings = z.output<typeof settingsSchema>;

export type SettingName = keyof Settings;

/** A setting as people see it, in `--help` and the documentation. */
export interface SettingDescription {
  readonly name: SettingName;
  readonly description: string;
  readonly type: "string" | "number" | "integer" | "boolean";
  readonly choices?: readonly string[];
  readonly defaultValue?: string | number | boolean;
  /** In words: `a whole number of at least 1`. */
  readonly expected: string;
}

interface PropertySchema {
  readonly description: string;
  readonly type: "string" | "number" | "integer" | "boolean";
  readonly enum?: readonly string[];
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  /** In words, where no bound says it. */
  readonly expected?: string;
}

function inWords(schema: PropertySchema): string {
  if (schema.enum) return `one of ${schema.enum.join(", ")}`;
  if (schema.expected) return schema.expected;
  if (schema.type === "string") return "a path";
  if (schema.type === "boolean") return "true or false";
  const limits = [
    schema.minimum === undefined ? [] : [`of at least ${schema.minimum}`],
    schema.exclusiveMinimum === undefined ? [] : [`above ${schema.exclusiveMinimum}`],
    schema.maximum === undefined ? [] : [`at most ${schema.maximum}`],
    schema.exclusiveMaximum === undefined ? [] : [`below ${schema.exclusiveMaximum}`],
  ].flat();
  return [schema.type === "integer" ? "a whole number" : "a number", limits.join(" and ")].join(" ").trim();
}

const properties = z.toJSONSchema(settingsSchema, { io: "input" }).properties as unknown as Readonly<
  Record<SettingName, PropertySchema>
>;

/** All settings, in the order of the schema. */
export const settingDescriptions: readonly SettingDescription[] = Object.entries(properties).map(([name, schema]) => ({
  name: name as SettingName,
  description: schema.description,
  type: schema.type,
  ...(schema.enum && { choices: schema.enum }),
  ...(schema.default !== undefined && { defaultValue: schema.default }),
  expected: inWords(schema),
}));

const described = new Map<string, SettingDescription>(settingDescriptions.map((entry) => [entry.name, entry]));

const suggestion = (given: unknown, names: readonly string[]): string => {
  const nearest = typeof given === "string" ? nearestName(given, names) : undefined;
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
};

const inSettings = (name: string): string => `settings: ${name}`;

/**
 * Checks every setting by itself and fills in defaults. Throws {@link SettingsError}, which names every wrong or unknown key.
 *
 * @param label makes a setting's name what the user wrote, with its place, such as `my.json: epochs`
 */
export function checkSettings(input: unknown, label: (name: string) => string = inSettings): Settings {
  const result = settingsSchema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => {
        const near = suggestion(key, [...described.keys()]);
        return `${label(key)}: unknown setting${near || `; expected one of ${[...described.keys()].join(", ")}`}`;
      });
    }
    const setting = described.get(String(issue.path[0]));
    if (!setting) return [`settings: expected an object, got ${JSON.stringify(input)}`];
    const value = (input as Readonly<Record<string, unknown>>)[setting.name];
    const got = typeof value === "number" ? String(value) : JSON.stringify(value);
    return `${label(setting.name)}: expected ${setting.expected}, got ${got}${suggestion(value, setting.choices ?? [])}`;
  });
  throw new SettingsError([...new Set(problems)].join("\n"));
}

/** {@link checkSettings}, and refuses settings that contradict each other. */
export function parseSettings(input: unknown): Settings {
  const settings = checkSettings(input);
  const { optimizer, momentum, patience, validation, network, stochasticDepth } = settings;
  if (settings.protocol === externalProtocol) {
    throw new SettingsError("protocol: external is for judging a model; train with official, clean or grouped:K");
  }
  if (momentum !== undefined && optimizer !== "sgd") {
    throw new SettingsError(`momentum: only sgd has it, and the optimizer is ${optimizer}; leave it out`);
  }
  if (patience > 0 && validation === 0) {
    throw new SettingsError("patience: needs validation images; give validation as well, such as 0.15");
  }
  if (stochasticDepth > 0 && residualLayers(networks[network]({ classes: 1 })) === 0) {
    throw new SettingsError(
      `stochasticDepth: drops residual blocks, and the network ${network} has none; leave it out, or take another network`,
    );
  }
  const folds = Number(/^grouped:(\d+)$/.exec(settings.protocol)?.[1] ?? 0);
  if (folds > 0 && !(settings.fold !== undefined && settings.fold < folds)) {
    throw new SettingsError(
      `fold: expected a whole number from 0 to ${folds - 1} with the protocol ${settings.protocol}, got ${settings.fold ?? "none"}`,
    );
  }
  if (folds === 0 && settings.fold !== undefined) {
    throw new SettingsError(`fold: only grouped:K has folds, and the protocol is ${settings.protocol}; leave it out`);
  }
  return settings;
}

/** A setting's value from text, as the command line gives it; what is no number stays text, for the check to refuse. */
export function settingFromText(name: SettingName, text: string): string | number {
  if (described.get(name)!.type === "string") return text;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
}

const optimizers: { readonly [K in Settings["optimizer"]]: (settings: Settings) => Optimizer } = {
  adam: ({ weightDecay = 0 }) => adam({ weightDecay }),
  adamW: ({ weightDecay = 0.01 }) => adamW({ weightDecay }),
  sgd: ({ weightDecay = 0, momentum = 0.9 }) => sgd({ weightDecay, momentum }),
};

export const optimizerOf = (settings: Settings): Optimizer => optimizers[settings.optimizer](settings);

export const learningRateOf = ({ learningRate, optimizer }: Settings): number =>
  learningRate ?? (optimizer === "sgd" ? 0.05 : 0.001);

/** The architecture that settings name, with their stochastic depth. */
export const networkOf = ({ network, stochasticDepth }: Settings, options: ArchitectureOptions): Network =>
  stochasticDepth > 0 ? withStochasticDepth(networks[network](options), stochasticDepth) : networks[network](options);

/** The loss for training images of these labels. */
export const lossOf = (
  { imbalance, labelSmoothing }: Settings,
  labels: ArrayLike<number>,
  classes: number,
): LossOptions => ({ ...lossFor(imbalance, labels, classes), labelSmoothing });

export const preparationOf = ({ augmentation, randomErasing, mixup, cutmix }: Settings): BatchPreparation => ({
  augmentation:
    randomErasing === undefined ? policies[augmentation] : withErasing(policies[augmentation], randomErasing),
  mixing: { mixup, cutmix },
});
