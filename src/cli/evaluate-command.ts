/** `naevus evaluate`: judges a run's model on the test images of a data folder. */
import type { Command } from "commander";
import { formatEvaluation } from "../evaluation/evaluation.ts";
import { evaluate } from "../run/evaluate.ts";
import { judgingSettings, openData } from "../run/open-data.ts";
import { interrupted, isAbort, withInterruption } from "./interruption.ts";
import { progressView } from "./progress.ts";
import { addSettingOptions, settingsFromFlags, withAbsolutePaths } from "./setting-options.ts";
import type { Terminal } from "./terminal.ts";
import { intendedUse } from "./train-command.ts";

interface EvaluateOptions extends Readonly<Record<string, unknown>> {
  readonly data: string;
  readonly json?: boolean;
}

/** Adds the command; `finish` takes its exit status. */
export function addEvaluateCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("evaluate")
    .description("Judge a trained model on the test images of a data folder")
    .argument("<run>", "run folder, or its model.onnx")
    .requiredOption("--data <path>", "Folder of images with the classes of the model")
    .option("--json", "Print the figures as one JSON object to standard output, all else to standard error");
  command.addHelpText(
    "after",
    "\nWithout --curation, --metadata, --protocol and --fold: as the run has them, where the data are the run's own.",
  );
  addSettingOptions(command, ["curation", "metadata", "protocol", "fold", "groupBy", "cache"]).action(
    async (run: string, options: EvaluateOptions) => finish(await runEvaluate(run, options, terminal)),
  );
}

async function runEvaluate(run: string, options: EvaluateOptions, terminal: Terminal): Promise<number> {
  const { cache, ...given } = withAbsolutePaths(settingsFromFlags(options));
  const view = progressView(terminal, terminal.error);
  return withInterruption(view.stop, async (signal) => {
    try {
      const settings = await judgingSettings(run, options.data, given);
      const context = { signal, onEvent: view.show };
      const dataset = await openData(options.data, { ...settings, cache }, context);
      const evaluation = await evaluate(run, dataset, { ...context, cache });
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
