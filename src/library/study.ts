/** The whole study as the library offers it. */
import { writeStudyReport } from "../report/study/write-study-report.ts";
import type { StudyOptions } from "../study/open-study.ts";
import { runStudy } from "../study/study.ts";
import type { StudyReport } from "../study/study-report.ts";
import { expectArgument, expectOptions, isText, type OptionKinds } from "./arguments.ts";
import { expectNetwork } from "./network-argument.ts";

// What is "any" here is checked below, with words of its own.
const studyKinds: OptionKinds<StudyOptions> = {
  data: "any",
  out: "any",
  budget: "any",
  metadata: "path",
  images: "boolean",
  network: "any",
  settings: "object",
  onEvent: "function",
  signal: "signal",
  stopwatch: "function",
};

/**
 * Does the whole study of a data folder in the time that it is given: audit, curation, a first model, augmentation, ways to treat rare classes, a
 * final model and its evaluation. Recipes are chosen by grouped cross-validation inside the training images; the test images are judged once,
 * at the end. The folder then holds `report.html`, `report.md`, `report.json`, `model.onnx` and `model-card.md`. Stopped at any moment, the
 * same call goes on.
 *
 * ```ts
 * const report = await study({ data: "data/isic9", metadata: "metadata.csv", budget: 30, out: "study" });
 * ```
 *
 * @throws ArgumentError, DatasetError, EngineError, FileError, NetworkError, SettingsError, TrainingError; the signal's reason where it aborts
 */
export async function study(options: StudyOptions): Promise<StudyReport> {
  const example = 'study({ data: "data/isic9", out: "study", budget: 30 })';
  const ways = { of: "study", expected: "options with the folders data and out", example };
  expectArgument(typeof options === "object" && options !== null, options, ways);
  expectOptions(options, "study", example, studyKinds);
  const { data, out, budget } = options;
  expectArgument(isText(data), data, { of: "study: data", expected: "the folder of the images", example });
  expectArgument(isText(out), out, { of: "study: out", expected: "the folder of the study", example });
  const isTime = budget === undefined || (typeof budget === "number" && budget > 0);
  expectArgument(isTime, budget, { of: "study: budget", expected: "minutes above 0", example });
  return runStudy({ ...options, network: expectNetwork(options.network, "study: network") }, writeStudyReport);
}
