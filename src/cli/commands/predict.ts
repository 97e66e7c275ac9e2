/** `naevus predict`: the class of single images by a run's model. */

import type { Command } from "commander";
import { RunError } from "../../errors.ts";
import { slowRuntimeNotice } from "../../inference/describe-runtime.ts";
import { isRun } from "../../run/folder/run-folder.ts";
import { type Prediction, streamPredictions } from "../../run/predict.ts";
import { percent } from "../../text/numbers.ts";
import { researchOnly } from "../../text/research-only.ts";
import { givenImages, listOnInput } from "../options/given-images.ts";
import { addSettingOptions, settingsFromFlags } from "../options/setting-options.ts";
import { phantomNotice } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Classes that are named for each image. */
const shown = 3;

interface PredictOptions extends Readonly<Record<string, unknown>> {
  readonly json?: boolean;
  readonly tta?: boolean;
  readonly null?: boolean;
}

/** Adds the command; `finish` takes its exit status: 1 where no image could be judged. */
export function addPredictCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("predict")
    .description("Predict the classes of single images with a trained model")
    .argument("<run>", "run folder, its model.onnx file, or the folder of a cross-validation")
    .argument(
      "<image...>",
      "image files, folders (all images below them), quoted patterns such as 'a/**/*.jpg', and - for a list of paths on standard " +
        "input, one per line; further runs among them predict together with the first, as an ensemble",
    )
    .option(
      "--tta",
      "Test-time augmentation: average the predictions for the flips and quarter turns of each image that keep its size: 8 of a square, else 4",
    )
    .option(
      "--json",
      "Print all probabilities as one JSON object to standard output, everything else to standard error",
    )
    .option(
      "-0, --null",
      "Each path in the list on standard input ends with a NUL, as find -print0 writes it, and not with a line feed",
    );
  addSettingOptions(command, ["maxPixels"]).action(
    async (run: string, args: readonly string[], options: PredictOptions) => {
      const others: string[] = [];
      const images: string[] = [];
      for (const path of args) (path !== listOnInput && (await isRun(path)) ? others : images).push(path);
      if (images.length === 0) throw new RunError("predict: expected image files, got runs alone");
      if (options.null && !images.includes(listOnInput)) {
        throw new RunError(
          `predict: --null tells how a list on standard input is written; give ${listOnInput} as an image`,
        );
      }
      const separator = options.null ? "\0" : "\n";
      const paths = givenImages(images, { input: terminal.input, separator });
      const { predictions, ...description } = await streamPredictions([run, ...others], paths, {
        testTimeAugmentation: options.tta,
        maxPixels: settingsFromFlags({ maxPixels: options.maxPixels }).maxPixels,
      });
      const notice = await slowRuntimeNotice();
      if (notice !== undefined) terminal.error(notice);
      const phantom = description.origin === "phantom";
      // As they come, so that any number of images fits the memory: the members of one JSON object, or lines.
      let [judged, all] = [0, 0];
      if (options.json) terminal.out(`${JSON.stringify(description).slice(0, -1)},"predictions":[`);
      for await (const prediction of predictions) {
        const failed = "error" in prediction;
        if (failed) terminal.error(prediction.error);
        if (options.json) terminal.out(`${all > 0 ? "," : ""}${JSON.stringify(prediction)}`);
        else if (!failed) terminal.out(`${lineOf(prediction)}${phantom ? `  (${phantomNotice})` : ""}`);
        all++;
        if (!failed) judged++;
      }
      if (options.json) terminal.out(`]${phantom ? `,"notice":${JSON.stringify(phantomNotice)}` : ""}}`);
      else terminal.error(researchOnly);
      if (judged < all) terminal.error(`${all - judged} of ${all} images could not be judged`);
      if (all === 0) terminal.error("the list on standard input names no image");
      finish(judged === 0 ? 1 : 0);
    },
  );
}

function lineOf({ image, probabilities }: Exclude<Prediction, { readonly error: string }>): string {
  const likely = Object.entries(probabilities)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, shown);
  return `${image}: ${likely.map(([name, probability]) => `${name} ${percent(probability)}`).join(", ")}`;
}
