/** `naevus predict`: the class of single images by a run's model. */
import { statSync } from "node:fs";
import type { Command } from "commander";
import { type Prediction, predict } from "../run/predict.ts";
import { RunError } from "../run/run-folder.ts";
import { phantomNotice } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { intendedUse } from "./train-command.ts";

/** Classes that are named for each image. */
const shown = 3;

interface PredictOptions {
  readonly json?: boolean;
  readonly tta?: boolean;
}

/** No image is a folder or a model. */
const isRun = (path: string): boolean =>
  path.endsWith(".onnx") || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Adds the command; `finish` takes its exit status. */
export function addPredictCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  program
    .command("predict")
    .description("Judge single images with a trained model")
    .argument("<run>", "run folder, or its model.onnx, or a cross-validation's folder")
    .argument("<image...>", "image files; further runs among them judge together with the first, as an ensemble")
    .option("--tta", "Test-time augmentation: judge each image as the mean over its 8 flips and quarter turns")
    .option("--json", "Print all probabilities as one JSON object to standard output, all else to standard error")
    .action(async (run: string, paths: readonly string[], { json, tta }: PredictOptions) => {
      const others = paths.filter(isRun);
      const images = paths.filter((path) => !others.includes(path));
      if (images.length === 0) throw new RunError("predict: expected image files, got runs alone");
      const result = await predict([run, ...others], images, { testTimeAugmentation: tta });
      const { predictions } = result;
      const phantom = result.origin === "phantom";
      for (const prediction of predictions) if ("error" in prediction) terminal.error(prediction.error);
      if (json) {
        terminal.out(JSON.stringify({ ...result, ...(phantom && { notice: phantomNotice }) }));
      } else {
        for (const prediction of predictions) {
          if (!("error" in prediction)) terminal.out(`${lineOf(prediction)}${phantom ? `  (${phantomNotice})` : ""}`);
        }
        terminal.error(intendedUse);
      }
      finish(predictions.every((prediction) => "error" in prediction) ? 1 : 0);
    });
}

function lineOf({ image, probabilities }: Exclude<Prediction, { readonly error: string }>): string {
  const likely = Object.entries(probabilities)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, shown);
  return `${image}: ${likely.map(([name, probability]) => `${name} ${(probability * 100).toFixed(1)} %`).join(", ")}`;
}
