/** `naevus evaluate`: judges a run's model on a data folder. */
import type { Command } from "commander";
import { formatEvaluation } from "../../evaluation/judgement/format-evaluation.ts";
import { evaluate } from "../../run/evaluate.ts";
import { runsOf } from "../../run/folder/runs.ts";
import { researchOnly } from "../../text/research-only.ts";
import { addJudgedDataOptions, type JudgedDataOptions, openJudged } from "../options/judged-data.ts";
import { interrupted, isAbort, withInterruption } from "../terminal/interruption.ts";
import { progressView } from "../terminal/progress.ts";
import { printText, type Terminal } from "../terminal/terminal.ts";

interface EvaluateOptions extends JudgedDataOptions {
  readonly tta?: boolean;
  readonly json?: boolean;
}

/** Adds the command; `finish` takes its exit status. */
export function addEvaluateCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("evaluate")
    .description("Judge a trained model on labelled images that it did not learn from")
    .argument(
      "<run...>",
      "run folders, or their model.onnx, or a cross-validation's folder; several judge as an ensemble",
    )
    .option("--tta", "Test-time augmentation: judge each image as the mean over its 8 flips and quarter turns")
    .option("--json", "Print the figures as one JSON object to standard output, all else to standard error");
  addJudgedDataOptions(command)
    .addHelpText("after", "The figures of a single run on its own test images are also written to its evaluation.json.")
    .action(async (runs: string[], options: EvaluateOptions) => finish(await runEvaluate(runs, options, terminal)));
}

async function runEvaluate(given: readonly string[], options: EvaluateOptions, terminal: Terminal): Promise<number> {
  const view = progressView(terminal, terminal.error);
  return withInterruption(view.stop, async (signal) => {
    try {
      const context = { signal, onEvent: view.show };
      const runs = await runsOf(given);
      const { dataset, judging } = await openJudged(runs, options, context);
      const evaluation = await evaluate(runs, dataset, { ...judging, testTimeAugmentation: options.tta });
      view.stop();
      if (options.json) {
        terminal.out(JSON.stringify(evaluation));
      } else {
        const { columns } = terminal;
        printText(terminal.out, formatEvaluation(evaluation, columns === undefined ? {} : { columns }));
        terminal.out("");
        terminal.out(researchOnly);
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
