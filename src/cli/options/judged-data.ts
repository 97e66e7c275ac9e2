/** The options of the commands that judge models, and the images that they name. */
import type { Command } from "commander";
import type { Dataset } from "../../dataset/dataset.ts";
import { openJudgedData } from "../../run/data/open-data.ts";
import type { JudgingContext } from "../../run/evaluate.ts";
import { dataSettings } from "../../training/settings/settings-by-aspect.ts";
import { addSettingOptions, settingsFromFlags, withAbsolutePaths } from "./setting-options.ts";

/** The options that say which images are judged. */
export interface JudgedDataOptions extends Readonly<Record<string, unknown>> {
  readonly data: string;
  readonly allowSeen?: boolean;
}

const help = `
Content decides which images are evaluated. In the first run's own data, even if they were moved or renamed, these are its test images;
in any other folder, all images (the protocol external). Images that a model was trained on are left out and counted. With --protocol,
--fold or --curation, the test images that these make are evaluated; with --protocol external, all that no model was trained on.`;

/** Adds the options that say which images are judged. */
export function addJudgedDataOptions(command: Command): Command {
  command
    .requiredOption(
      "--data <path>",
      "Folder of labelled images: one folder per class, or Train, Test or both of such folders",
    )
    .option("--allow-seen", "Also evaluate images that a model was trained on; the figures say so")
    .addHelpText("after", help);
  // How a test is drawn is the run's own; which images there are and how they are grouped may be said anew.
  const given = dataSettings.filter((name) => name !== "seed" && name !== "testFraction");
  return addSettingOptions(command, [...given, "cache"]);
}

/** Lists the images that the options name, and gives what `evaluate` is told about them. */
export async function openJudged(
  runs: readonly string[],
  options: JudgedDataOptions,
  context: Pick<JudgingContext, "onEvent" | "signal">,
): Promise<{ readonly dataset: Dataset; readonly judging: JudgingContext }> {
  const settings = withAbsolutePaths(settingsFromFlags(options));
  const { dataset, metadata, maxPixels } = await openJudgedData(runs, options.data, settings, context);
  // What was never an image to be judged: files of another format, empty folders, what a class map leaves out.
  if (dataset.problems.length > 0) context.onEvent?.({ kind: "problems", problems: dataset.problems });
  return { dataset, judging: { ...context, cache: settings.cache, maxPixels, metadata, allowSeen: options.allowSeen } };
}
