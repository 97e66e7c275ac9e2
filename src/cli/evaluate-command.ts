/** `naevus evaluate`: judges a run's model on the test images of a data folder. */
import type { Command } from "commander";
import { formatEvaluation } from "../evaluation/evaluation.ts";
import { evaluate } from "../run/evaluate.ts";
import { openJudgedData } from "../run/open-data.ts";
import { runsOf } from "../run/open-models.ts";
import { interrupted, isAbort, withInterruption } from "./interruption.ts";
import { progressView } from "./progress.ts";
import { addSettingOptions, settingsFromFlags, withAbsolutePaths } from "./setting-options.ts";
import type { Terminal } from "./terminal.ts";
import { intendedUse } from "./train-command.ts";

interface EvaluateOptions extends Readonly<Record<string, unknown>> {
  readonly data: string;
  readonly tta?: boolean;
  readonly json?: boolean;
}

/** Adds the command; `finish` takes its exit status. */
export function addEvaluateCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("evaluate")
    .description("Judge a trained model on the test images of a data folder")
    .argument(
      "<run...>",
      "run folders, or their model.onnx, or a cross-validation's folder; several judge as an ensemble",
    )
    .requiredOption("--data <path>", "Folder of images with the classes of the model")
    .option("--tta", "Test-time augmentation: judge each image as the mean over its 8 flips and quarter turns")
    .option("--json", "Print the figures as one JSON object to standard output, all else to standard error");
  command.addHelpText(
    "after",
    "\nWithout --curation, --metadata, --protocol and --fold: as the first run has them, where the data are its own." +
      "\nThe figures of a single run are also written to its evaluation.json.",
  );
  addSettingOptions(command, ["curation", "metadata", "protocol", "fold", "groupBy", "cache"]).action(
    async (runs: string[], options: EvaluateOptions) => finish(await runEvaluate(runs, options, terminal)),
  );
}

async function runEvaluate(given: readonly string[], options: EvaluateOptions, terminal: Terminal): Promise<number> {
  const settings = withAbsolutePaths(settingsFromFlags(options));
  const { cache } = settings;
  const view = progressView(terminal, terminal.error);
  return withInterruption(view.stop, async (signal) => {
    try {
      const context = { signal, onEvent: view.show };
      const runs = await runsOf(given);
      const { dataset } = await openJudgedData(runs, options.data, settings, context);
      const evaluation = await evaluate(runs, dataset, { ...context, cache, testTimeAugmentation: options.tta });
      view.stop();
      if (options.json) {
        terminal.out(JSON.stringify(evaluation));
      } else {
        const { columns } = terminal;
        terminal.out(formatEvaluation(evaluation, columns === undefined ? {} : { columns }));
        terminal.out("");
        terminal.out(intendedUse);
      }
      return 0;
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
      terminal.error("stopped; nothing was written");
      return interrupted;
    } finally {
      view.stop();
    }
  });
}
