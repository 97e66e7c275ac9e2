/** What a run's checkpoint belongs to: all of its configuration that decides what is computed. */
import type { Graph } from "../../network/graph.ts";
import type { CheckpointOwner } from "../../training/checkpoint.ts";
import { decidingSettings } from "../../training/settings/settings-by-aspect.ts";
import { averagedFrom } from "../../training/weight-average.ts";
import { isOlderRun, type RunConfig } from "./run-config.ts";
import type { RunImage } from "./run-images.ts";

/** How many images weights are fitted to, and validated on. */
export interface LearnedCounts {
  readonly train: number;
  readonly validation: number;
}

/** Of a run whose images are read, or of its configuration alone where it is older than their list. */
export function learnedCounts({ data }: RunConfig, images: readonly RunImage[] | undefined): LearnedCounts {
  if (images === undefined) {
    const { validation = 0 } = data;
    return { train: data.train - validation, validation };
  }
  const count = (part: RunImage["part"]) => images.filter((image) => image.part === part).length;
  return { train: count("train"), validation: count("validation") };
}

/** What a checkpoint of a run must belong to: the recipe, the network and the images. */
export function checkpointOwner(
  config: RunConfig,
  graph: Graph,
  { train, validation }: LearnedCounts,
): CheckpointOwner {
  const { settings, resolved, data } = config;
  // Settings that were not given are told too, so that one that is added later is noticed.
  const given = decidingSettings.map((name) => [name, settings[name] ?? null]);
  const batch = Math.min(resolved.batch, train);
  return {
    graph,
    optimizer: settings.optimizer,
    seed: settings.seed,
    dataFingerprint: data.fingerprint,
    recipe: {
      ...Object.fromEntries(given),
      ...resolved,
      classes: data.classes,
      listing: data.listing,
      images: data.images ?? null,
      functions: config.functions ?? null,
      initialWeights: config.from?.weights ?? null,
    },
    course: {
      epochs: settings.epochs,
      stepsPerEpoch: Math.floor(train / batch),
      batch,
      validated: validation > 0,
      keepsLast: settings.keep === "last",
      averagedFrom: averagedFrom(settings),
      metrics: Object.keys(config.functions?.metrics ?? {}),
    },
    olderRun: isOlderRun(config),
  };
}
