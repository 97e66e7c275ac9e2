/** `naevus cross-validate`: a model per fold, each judged on groups of images (known lesions, near duplicates) that it never saw, and the pooled figures. */

import type { Command } from "commander";
import { SettingsError } from "../../errors.ts";
import { formatEvaluation } from "../../evaluation/judgement/format-evaluation.ts";
import { type CrossValidationResult, crossValidate } from "../../run/cross-validate.ts";
import type { RunEvent } from "../../run/run-events.ts";
import { percent, plural } from "../../text/numbers.ts";
import { researchOnly } from "../../text/research-only.ts";
import { settingDescriptions } from "../../training/settings/descriptions.ts";
import { addSettingOptions, collectSettings, withAbsolutePaths } from "../options/setting-options.ts";
import { trainingData } from "../options/training-data.ts";
import { wholeNumber } from "../options/whole-number.ts";
import { interrupted, stoppable } from "../terminal/interruption.ts";
import { phantomNotice, progressView } from "../terminal/progress.ts";
import { printText, shellWord, type Terminal } from "../terminal/terminal.ts";

interface CrossValidateOptions extends Readonly<Record<string, unknown>> {
  readonly folds: string;
  readonly json?: boolean;
}

/** Adds the command; `finish` takes its exit status. */
export function addCrossValidateCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("cross-validate")
    .description(
      "Train a model for each fold and evaluate it on that fold; groups (near duplicates and known lesions) are never split",
    )
    .option("--folds <n>", "Number of folds, from 2 to 100; one model is trained for each", "5")
    .option(
      "--config <file>",
      "JSON file of settings (the names below in camelCase); options on the command line override it",
    )
    .option(
      "--json",
      "Print the pooled figures as one JSON object to standard output, everything else to standard error",
    )
    .addHelpText("after", "\nThe same command with the --out of a cross-validation that was stopped continues it.");
  const names = settingDescriptions.map(({ name }) => name).filter((name) => name !== "protocol" && name !== "fold");
  addSettingOptions(command, names).action(async (options: CrossValidateOptions) =>
    finish(await runCrossValidation(options, terminal)),
  );
}

async function runCrossValidation(options: CrossValidateOptions, terminal: Terminal): Promise<number> {
  const folds = wholeNumber("--folds", options.folds, 2, 100);
  const print = options.json ? terminal.error : terminal.out;
  const view = progressView(terminal, print);
  const given = withAbsolutePaths(await collectSettings(options));
  if (given.protocol !== undefined || given.fold !== undefined) {
    throw new SettingsError("cross-validate makes folds itself; leave protocol and fold out of the settings");
  }
  const notice = () => {
    view.stop();
    terminal.error("stopping after this step (Ctrl-C once more stops at once, and goes back to the last checkpoint)");
  };
  const goOn = "stopped; the same command with the same --out goes on";
  return stoppable({ terminal, view, onInterrupt: notice, whenStopped: goOn }, async (signal) => {
    const data = await trainingData({
      given: given.data,
      cache: given.cache,
      environment: terminal.environment,
      note: terminal.error,
      onProgress: (done, total) => view.show({ kind: "drawing", done, total }),
      signal,
    });
    const onEvent = (event: RunEvent) => view.show(event);
    const result = await crossValidate(data, given, { folds, signal, onEvent });
    view.stop();
    if (result.evaluation === undefined) {
      terminal.error(`${goOn}: ${shellWord(result.folder)}`);
      return interrupted;
    }
    report(result, { print, terminal, json: options.json === true });
    return 0;
  });
}

function report(
  { folder, evaluation }: CrossValidationResult,
  {
    print,
    terminal,
    json,
  }: { readonly print: (line: string) => void; readonly terminal: Terminal; readonly json: boolean },
): void {
  if (evaluation === undefined) return;
  const { columns } = terminal;
  print("");
  for (const { fold, samples, accuracy, balancedAccuracy } of evaluation.folds) {
    print(
      `fold ${fold}: accuracy ${percent(accuracy)}, balanced accuracy ${percent(balancedAccuracy)} on ${plural(samples, "image")}`,
    );
  }
  print("");
  printText(print, formatEvaluation(evaluation, columns === undefined ? {} : { columns }));
  print("");
  print(`runs, figures and predictions: ${folder}${evaluation.origin === "phantom" ? `  (${phantomNotice})` : ""}`);
  print(researchOnly);
  if (json) terminal.out(JSON.stringify(evaluation));
}
