/** `naevus study`: the ten chapters from the data to the conclusion, within a time budget, as one report. */

import { resolve } from "node:path";
import type { Command } from "commander";
import { SettingsError } from "../../errors.ts";
import type { Evaluation } from "../../evaluation/judgement/evaluation.ts";
import { formatEvaluation } from "../../evaluation/judgement/format-evaluation.ts";
import { study } from "../../library/study.ts";
import { networkNames } from "../../network/architectures.ts";
import type { StudyEvent } from "../../study/study-context.ts";
import { chapters, type StudyReport } from "../../study/study-report.ts";
import { percent, plural } from "../../text/numbers.ts";
import { researchOnly } from "../../text/research-only.ts";
import type { SettingName } from "../../training/settings/schema.ts";
import { moduleLoader } from "../modules/network-module.ts";
import { networkSource } from "../options/network-option.ts";
import { addSettingOptions, settingsFromFlags, withAbsolutePaths } from "../options/setting-options.ts";
import { trainingData } from "../options/training-data.ts";
import { formatDuration } from "../terminal/duration.ts";
import { stoppable } from "../terminal/interruption.ts";
import { movingBar } from "../terminal/moving-bar.ts";
import { phantomNotice, progressView } from "../terminal/progress.ts";
import { printText, type Terminal } from "../terminal/terminal.ts";

interface StudyOptions extends Readonly<Record<string, unknown>> {
  readonly budget: string;
  readonly out: string;
  readonly network?: string;
  readonly images: boolean;
  readonly json?: boolean;
}

/** What all trainings of a study share; the rest is what the study compares. */
const shared: readonly SettingName[] = [
  "data",
  "classMap",
  "metadata",
  "groupBy",
  "imageSize",
  "geometry",
  "resampling",
  "maxPixels",
  "engine",
  "precision",
  "batch",
  "seed",
  "testFraction",
  "threads",
  "hashes",
  "cache",
];

/** Adds the command; `finish` takes its exit status. */
export function addStudyCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("study")
    .description("Study a data folder from its audit to an evaluated model, and write a report")
    .option(
      "--budget <minutes>",
      "Time for the whole study, in minutes; it decides the numbers of epochs and folds, which the report states",
      "30",
    )
    .option(
      "--network <network>",
      `The network that chapter 8 compares with the notebook's, in place of resnet18-w32: one of ${networkNames.join(", ")}, a JSON file, a module (.js, .mjs or .ts), or a run; it is made for the classes that curation leaves`,
    )
    .option("--out <path>", "Folder of the study; a study that was stopped there is continued", "study")
    .option("--no-images", "Leave pictures of the images out of the report, so that it can be shared")
    .option("--json", "Print one JSON line with the main figures to standard output, everything else to standard error")
    .addHelpText(
      "after",
      "\nWithout --data, naevus takes the folder in NAEVUS_DATA, else data/isic9, else phantom data, which it draws itself.",
    );
  addSettingOptions(command, shared).action(async (options: StudyOptions) => finish(await runStudy(options, terminal)));
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (minutes > 0 && minutes <= 100_000) return minutes;
  throw new SettingsError(`--budget: expected a number of minutes above 0 and at most 100000, got "${text}"`);
}

async function runStudy(options: StudyOptions, terminal: Terminal): Promise<number> {
  const budget = minutesOf(options.budget);
  const print = options.json ? terminal.error : terminal.out;
  // The study's folder holds the runs: `out` is no setting of theirs.
  const { out, network: text, ...flags } = options;
  const { data: given, metadata, ...settings } = withAbsolutePaths(settingsFromFlags(flags));
  const network =
    text === undefined ? undefined : await networkSource(text, { loadModule: moduleLoader({ print: terminal.error }) });
  const view = studyView(terminal, print);
  const notice = () => {
    view.stop();
    terminal.error("stopping after this step (Ctrl-C once more stops at once)");
  };
  return stoppable(
    { terminal, view, onInterrupt: notice, whenStopped: "stopped; the same command goes on with what is done" },
    async (signal) => {
      const data = await trainingData({
        given,
        cache: settings.cache,
        environment: terminal.environment,
        note: terminal.error,
        onProgress: (done, total) => view.show({ kind: "drawing", done, total }),
        signal,
      });
      const report = await study({
        data,
        metadata,
        budget,
        out,
        images: options.images,
        network,
        settings,
        signal,
        onEvent: view.show,
      });
      view.stop();
      const { official, evaluation } = report;
      const { accuracy, balancedAccuracy } = evaluation.figures;
      const phantom = report.origin === "phantom" ? `  (${phantomNotice})` : "";
      print("");
      for (const line of closingLines(report)) print(line);
      print("");
      print(`run of the notebook's network: ${resolve(out, official.run)}${phantom}`);
      print(`report: ${resolve(out, "report.html")}${phantom}`);
      print(researchOnly);
      if (options.json) {
        terminal.out(
          JSON.stringify({
            report: resolve(out, "report.html"),
            origin: report.origin,
            official: { run: resolve(out, official.run), ...mainFiguresOf(official.evaluation) },
            protocol: evaluation.protocol,
            samples: evaluation.samples,
            accuracy: accuracy.value,
            accuracyInterval: accuracy.interval,
            balancedAccuracy: balancedAccuracy.value,
            balancedAccuracyInterval: balancedAccuracy.interval,
            cautions: report.conclusion.cautions,
            recipe: report.final.recipe,
            budget: report.budget,
          }),
        );
      }
      return 0;
    },
  );
}

/** What a study found, in a terminal: first what must be known before the figures. */
export function closingLines({ conclusion, origin }: Pick<StudyReport, "conclusion" | "origin">): string[] {
  const phantom = origin === "phantom" ? `  (${phantomNotice})` : "";
  return [...conclusion.cautions.map((line) => `! ${line}`), ...conclusion.found.map((line) => `- ${line}`)].map(
    (line) => line + phantom,
  );
}

const mainFiguresOf = ({ protocol, samples, accuracy, accuracyInterval, balancedAccuracy }: Evaluation) => ({
  protocol,
  samples,
  accuracy,
  accuracyInterval,
  balancedAccuracy,
});

/** A line per chapter, per fold, and per epoch of the notebook's network, with a bar beside them where there is a terminal. */
function studyView(terminal: Terminal, print: (line: string) => void) {
  const runs = progressView(terminal, print);
  const bar = movingBar(terminal);
  const { columns } = terminal;
  /** Whether the training that goes on is shown epoch by epoch: a line for each epoch of all would hide the rest. */
  let everyEpoch = true;
  const stop = () => {
    runs.stop();
    bar.stop();
  };
  return {
    stop,
    show(event: StudyEvent): void {
      if (event.kind === "chapter") {
        stop();
        print(`${event.number}/${chapters.length}  ${event.title}`);
      } else if (event.kind === "fit") {
        const {
          recipe,
          fold,
          folds,
          repetition,
          repetitions,
          epoch,
          epochs,
          step,
          stepsPerEpoch,
          accuracy,
          imagesPerSecond,
        } = event;
        const done = (epoch - 1) * stepsPerEpoch + step;
        const total = epochs * stepsPerEpoch;
        const time = repetitions === 1 ? "" : `, time ${repetition + 1}/${repetitions}`;
        const name = `${recipe}, fold ${fold + 1}/${folds}${time}`;
        runs.stop();
        bar.move(name, done, total, `epoch ${epoch}/${epochs}  accuracy ${percent(accuracy)}`);
        if (done === total) {
          bar.stop();
          print(`      ${name}: ${plural(epochs, "epoch")}, ${Math.round(imagesPerSecond)} images/s`);
        }
      } else if (event.kind === "judged") {
        stop();
        print("");
        printText(print, formatEvaluation(event.evaluation, columns === undefined ? {} : { columns }));
        print("");
      } else if (event.kind === "epoch" && !everyEpoch) {
        stop();
        if (event.metrics.epoch === event.epochs)
          print(`      trained ${plural(event.epochs, "epoch")}, the last in ${formatDuration(event.metrics.seconds)}`);
      } else if (event.kind !== "kept") {
        bar.stop();
        if (event.kind === "begin") everyEpoch = event.config.settings.protocol === "official";
        runs.show(event);
      }
    },
  };
}
