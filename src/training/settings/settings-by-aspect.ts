/** Which settings decide what: the lists of names that runs, checkpoints, studies and commands go by, all from the schema. */
import { type Aspect, aspectsOf, type SettingName, type SettingThat } from "./schema.ts";

/** All settings, in the order of the schema. */
export const settingNames = Object.keys(aspectsOf) as readonly SettingName[];

/** Whether a setting decides an aspect. */
export const isThat = (name: SettingName, aspect: Aspect): boolean => aspectsOf[name].includes(aspect);

/** The settings that decide an aspect, in the order of the schema. */
export const settingsThat = <A extends Aspect>(aspect: A): readonly SettingThat<A>[] =>
  settingNames.filter((name): name is SettingThat<A> => isThat(name, aspect));

/** Which images there are, and which of them are training and which are test images. */
export const dataSettings = settingsThat("images");

/**
 * What a training is repeated by, beside its images: all that decides images or weights and says so itself. Of a table the content
 * decides, which is compared wherever the images are, and not its place; so do the weights of a model to go on from, which the run keeps.
 */
export const decidingSettings = settingNames.filter(
  (name) => (isThat(name, "images") || isThat(name, "weights")) && !isThat(name, "place"),
);

/** Tables that decide which images there are. */
export type TableSetting = SettingThat<"images"> & SettingThat<"place">;

/** The tables that decide which images there are: settings that name a file. */
export const tableSettings = settingsThat("images").filter((name): name is TableSetting => isThat(name, "place"));

/** Where things lie that decide nothing: a run that was stopped may be told them anew. */
export type FreeSetting = Exclude<SettingThat<"place">, TableSetting | SettingThat<"weights">>;

/** The settings of {@link FreeSetting}. */
export const freeSettings = settingsThat("place").filter(
  (name): name is FreeSetting => !isThat(name, "images") && !isThat(name, "weights"),
);
