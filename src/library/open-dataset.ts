/** Opens a data set: its images with their classes, and which of them are tested. */
import type { Dataset } from "../dataset/dataset.ts";
import type { DataSettings } from "../run/data/open-data.ts";
import { checkSettings } from "../training/settings/parse.ts";
import { expectOptions } from "./arguments.ts";
import { withoutClassNames } from "./class-names.ts";
import { type DataSource, expectSource, type OpenContext, openKinds, openSource } from "./data-source.ts";

/**
 * Opens a data set to train on: lists its images, applies a curation plan and a class map where there are any, and separates training from
 * test images. Where neither the folders nor the images say what is tested, a part of each class is drawn from `seed` and the contents, near duplicates and groups whole.
 *
 * ```ts
 * const dataset = await openDataset("data/isic9", { protocol: "clean", metadata: "metadata.csv" });
 * const own = await openDataset([{ image: bytes, label: "nevus" }, { image: "b.jpg", label: "melanoma" }]);
 * ```
 *
 * @param source a folder, or images one by one; contents are held in memory, encoded as they came
 * @param settings those of a training that decide which images there are; a training on this data set is given the same
 * @throws ArgumentError, SettingsError, DatasetError, FileError of the cache; the signal's reason where it aborts
 */
export async function openDataset(
  source: DataSource,
  settings: DataSettings = {},
  context: OpenContext = {},
): Promise<Dataset> {
  const example = 'openDataset("data/isic9", { seed: 1 })';
  expectSource(source, "openDataset", example);
  expectOptions(settings, "openDataset", example);
  expectOptions(context, "openDataset", example, openKinds);
  checkSettings(withoutClassNames(settings, "openDataset"));
  return openSource(source, settings, context);
}
