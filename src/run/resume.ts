/** Goes on with a run that was stopped. */

import { resolve } from "node:path";
import type { Dataset } from "../dataset/dataset.ts";
import { selectEngine } from "../engine/select-engine.ts";
import { RunError } from "../errors.ts";
import { decoderVersion } from "../image/decoding/decode.ts";
import { javascriptRuntime } from "../javascript-runtime.ts";
import type { TrainingContext } from "./callback.ts";
import { divideImages, ownDataset } from "./data/divide-images.ts";
import { openData } from "./data/open-data.ts";
import { unknownPlace } from "./folder/local-paths.ts";
import { expectFunctions } from "./folder/own-functions.ts";
import { isOlderRun, listingOf, readConfig } from "./folder/run-config.ts";
import { readRunImages } from "./folder/run-images.ts";
import { refuseLockedRun } from "./folder/run-lock.ts";
import { warnWith } from "./run-events.ts";
import { engineOptions, graphOf, pack } from "./run-preparation.ts";
import { runTraining, type TrainingResult } from "./run-training.ts";

/**
 * Goes on with a run that was stopped at any moment, with its own settings; the result is the same, bit for bit, as without
 * the stop. A finished run has its model written again.
 *
 * @param context.dataset by default the run's own images
 * @param context.data where these are now, by default where they were
 * @param context.cache the folder of decoded images, by default that of the run
 * Throws what {@link train} throws, CheckpointError where the checkpoint is damaged, RunError where the data are others or functions that
 * the run began with are not given again.
 */
export async function resume(
  run: string,
  context: TrainingContext & {
    readonly dataset?: Dataset | undefined;
    readonly data?: string | undefined;
    readonly cache?: string | undefined;
  } = {},
): Promise<TrainingResult> {
  const folder = resolve(run);
  const config = await readConfig(folder);
  await refuseLockedRun(folder);
  expectFunctions(folder, config.functions, context, warnWith(context));
  const { resolved, versions } = config;
  const settings = {
    ...config.settings,
    imageSize: resolved.imageSize,
    ...(context.cache && { cache: context.cache }),
  };
  const recorded = await readRunImages(folder, config.data);
  const root = context.data ?? config.data.root;
  const dataset = context.dataset ?? (await ownImages(root));
  const graph = graphOf(settings, dataset.classes.length);
  const warn = warnWith(context);
  const engine = await selectEngine(resolved.engine, warn, engineOptions(resolved.threads));
  const { library, instructionSet, precisions } = engine.description;
  if (!precisions.includes(resolved.precision)) {
    throw new RunError(
      `${folder}: the run computes in ${resolved.precision}, which ${library} has not on this processor (${instructionSet}); ` +
        `resume it on one that has, or train anew with the precision ${precisions.join(" or ")}`,
    );
  }
  if (isOlderRun(config)) {
    warn(
      `the run was started by naevus ${versions.naevus}, whose files have no digests; whether its settings, images or figures ` +
        "were changed since is not checked",
    );
  }
  if (library !== versions.engine || instructionSet !== versions.instructionSet) {
    warn(
      `the run was started with ${versions.engine} (${versions.instructionSet}), this is ${library} (${instructionSet}); ` +
        "the weights may differ in their last bits from those of an uninterrupted run",
    );
  }
  const runtime = javascriptRuntime();
  if (runtime !== versions.runtime) {
    warn(
      `the run was started on ${versions.runtime}, this is ${runtime}; their JavaScript engines may round exp, log and powers ` +
        "differently, and so may the weights differ in their last bits from those of an uninterrupted run",
    );
  }
  const decoder = await decoderVersion();
  if (decoder !== versions.decoder) {
    warn(
      `the run's images were decoded by version ${versions.decoder ?? "1"}, this is ${decoder}; pixels may differ, ` +
        "and so may the weights from those of an uninterrupted run",
    );
  }
  const packed = await pack(dataset, graph, settings, context);
  try {
    if (packed.fingerprint !== config.data.fingerprint || listingOf(packed) !== config.data.listing) {
      throw new RunError(
        `${dataset.root}: the images are not those that ${folder} was started with; put them back as they were, ` +
          "or start a new run",
      );
    }
    const images = recorded ?? (await divideImages(dataset, packed, settings, { olderRun: true }));
    return await runTraining({ folder: async () => folder }, config, { graph, engine, packed, images }, context);
  } finally {
    packed.close();
  }

  async function ownImages(place: string | undefined): Promise<Dataset> {
    if (place === undefined) throw unknownPlace(folder);
    return recorded ? ownDataset(config, recorded, place) : openData(place, settings, context);
  }
}
