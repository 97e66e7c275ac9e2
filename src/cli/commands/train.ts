/** `naevus train`: trains on a data folder, judges the model on the test images and says where the run is. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { FileError, SettingsError } from "../../errors.ts";
import type { Evaluation } from "../../evaluation/judgement/evaluation.ts";
import { formatEvaluation } from "../../evaluation/judgement/format-evaluation.ts";
import { openData, openJudgedData } from "../../run/data/open-data.ts";
import { evaluate } from "../../run/evaluate.ts";
import { unknownPlace } from "../../run/folder/local-paths.ts";
import { hasOwnTest, readConfig } from "../../run/folder/run-config.ts";
import { resume } from "../../run/resume.ts";
import type { RunContext, RunEvent } from "../../run/run-events.ts";
import type { TrainingResult } from "../../run/run-training.ts";
import { train } from "../../run/train.ts";
import { researchOnly } from "../../text/research-only.ts";
import { architectureOptionsOf } from "../../training/settings/resolve.ts";
import { settingsBeforeNetwork, type TrainSettings, withNetwork } from "../../training/settings/train-settings.ts";
import { moduleLoader } from "../modules/network-module.ts";
import {
  addSettingOptions,
  collectSettings,
  refuseOtherSettings,
  withAbsolutePaths,
} from "../options/setting-options.ts";
import { trainingData } from "../options/training-data.ts";
import { interrupted, stoppable } from "../terminal/interruption.ts";
import { phantomNotice, progressView } from "../terminal/progress.ts";
import { printText, shellWord, type Terminal } from "../terminal/terminal.ts";

interface TrainOptions extends Readonly<Record<string, unknown>> {
  readonly resume?: string;
  readonly json?: boolean;
}

/** Adds the command; `finish` takes its exit status. */
export function addTrainCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("train")
    .description(
      "Train a network on a folder of images, from scratch or going on from another model, and evaluate it on the test images",
    )
    .option(
      "--config <file>",
      "JSON file of settings (the names below in camelCase); options on the command line override it",
    )
    .option("--resume <run>", "Continue a run that was stopped, with its own settings")
    .option("--json", "Print one JSON line with the result to standard output, everything else to standard error")
    .addHelpText(
      "after",
      "\nWithout --data, naevus takes the folder in NAEVUS_DATA, else data/isic9, else phantom data, which it draws itself.",
    );
  addSettingOptions(command).action(async (options: TrainOptions) => finish(await runTrain(options, terminal)));
}

async function runTrain(options: TrainOptions, terminal: Terminal): Promise<number> {
  const print = options.json ? terminal.error : terminal.out;
  const view = progressView(terminal, print);
  const given = withAbsolutePaths(
    await collectSettings(options, { loadModule: moduleLoader({ print: terminal.error }) }),
  );
  const notice = () => {
    view.stop();
    terminal.error("stopping after this step (Ctrl-C once more stops at once, and goes back to the last checkpoint)");
  };
  let run = options.resume;
  const whenStopped = () =>
    run === undefined ? "stopped before the training; give the same command again" : stopped("stopped", run);
  const work = async (signal: AbortSignal) => {
    const onEvent = (event: RunEvent) => {
      if (event.kind === "begin") run = event.run;
      view.show(event);
    };
    const context = { signal, onEvent };
    const { result, evaluation } = options.resume
      ? await goOn(options.resume, given, context)
      : await start(given, context, terminal);
    view.stop();
    if (!result.finished) {
      printText(terminal.error, stopped(`stopped in epoch ${result.epochs + 1}; the state is saved`, result.run));
      return interrupted;
    }
    report(result, evaluation, { print, terminal, json: options.json === true });
    return 0;
  };
  return stoppable({ terminal, view, onInterrupt: notice, whenStopped }, work).catch((error: unknown) => {
    if (error instanceof FileError && run !== undefined) {
      throw new FileError(`${error.message}\n${goOnWith(run)}`, { cause: error });
    }
    throw error;
  });
}

const goOnWith = (run: string): string => `Go on with:\n  npx naevus train --resume ${shellWord(run)}`;
const stopped = (what: string, run: string): string => `${what}. ${goOnWith(run)}`;

interface Trained {
  readonly result: TrainingResult;
  /** Undefined where training was stopped, or there is no test image. */
  readonly evaluation: Evaluation | undefined;
}

async function start(
  given: TrainSettings,
  context: RunContext & { readonly signal: AbortSignal },
  terminal: Terminal,
): Promise<Trained> {
  const settings = settingsBeforeNetwork(given);
  const data = await trainingData({
    given: settings.data,
    cache: settings.cache,
    environment: terminal.environment,
    note: terminal.error,
    onProgress: (done, total) => context.onEvent?.({ kind: "drawing", done, total }),
    signal: context.signal,
  });
  const dataset = await openData(data, settings, context);
  const result = await train(dataset, { ...given, data: dataset.root }, context);
  // Of the images that could be decoded, which the data set does not know.
  const judged = result.finished && hasOwnTest(await readConfig(result.run));
  return {
    result,
    evaluation: judged
      ? await evaluate(result.run, dataset, { ...context, cache: settings.cache, maxPixels: settings.maxPixels })
      : undefined,
  };
}

async function goOn(run: string, given: TrainSettings, context: RunContext): Promise<Trained> {
  const config = await readConfig(resolve(run));
  refuseOtherSettings(
    await withNetwork(given, architectureOptionsOf(config.settings, config.data.classes.length)),
    config,
  );
  if (given.out !== undefined && resolve(given.out) !== resolve(run)) {
    throw new SettingsError(`--resume ${run} writes to that folder; leave out --out ${given.out}`);
  }
  const cache = given.cache ?? config.settings.cache;
  const data = given.data ?? config.data.root;
  if (data === undefined) throw unknownPlace(run);
  const result = await resume(run, { ...context, data, cache });
  if (!result.finished || !hasOwnTest(config)) return { result, evaluation: undefined };
  const { dataset, metadata, maxPixels } = await openJudgedData([run], data, { cache }, context);
  return { result, evaluation: await evaluate(run, dataset, { ...context, metadata, cache, maxPixels }) };
}

/** The main figures, and all that says what was judged. */
function figuresOf({ classes, perClass, macro, weighted, confusionMatrix, ...figures }: Evaluation) {
  return figures;
}

interface ReportOptions {
  readonly print: (line: string) => void;
  readonly terminal: Terminal;
  readonly json: boolean;
}

function report(
  result: TrainingResult,
  evaluation: Evaluation | undefined,
  { print, terminal, json }: ReportOptions,
): void {
  const { columns } = terminal;
  print("");
  printText(
    print,
    evaluation
      ? formatEvaluation(evaluation, columns === undefined ? {} : { columns })
      : "There are no test images that it may be evaluated on, so the model was not evaluated.",
  );
  print("");
  print(`run: ${result.run}${result.origin === "phantom" ? `  (${phantomNotice})` : ""}`);
  print(researchOnly);
  if (!json) return;
  terminal.out(
    JSON.stringify({
      ...result,
      ...(result.origin === "phantom" && { notice: phantomNotice }),
      ...(evaluation && { test: figuresOf(evaluation) }),
    }),
  );
}
