/** `naevus evaluate`: judges a run's model on a data folder. */
import type { Command } from "commander";
import { formatEvaluation } from "../../evaluation/judgement/format-evaluation.ts";
import { evaluate } from "../../run/evaluate.ts";
import { runsOf } from "../../run/folder/runs.ts";
import { researchOnly } from "../../text/research-only.ts";
import { addJudgedDataOptions, type JudgedDataOptions, openJudged } from "../options/judged-data.ts";
import { stoppable } from "../terminal/interruption.ts";
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
    .description("Evaluate a trained model on labelled images that it was not trained on")
    .argument(
      "<run...>",
      "run folders, their model.onnx files, or the folder of a cross-validation; several predict as an ensemble",
    )
    .option(
      "--tta",
      "Test-time augmentation: average the predictions for the flips and quarter turns of each image that keep its size: 8 of a square, else 4",
    )
    .option("--json", "Print the figures as one JSON object to standard output, everything else to standard error");
  addJudgedDataOptions(command)
    .addHelpText("after", "The figures of a single run on its own test images are also written to its evaluation.json.")
    .action(async (runs: string[], options: EvaluateOptions) => finish(await runEvaluate(runs, options, terminal)));
}

async function runEvaluate(given: readonly string[], options: EvaluateOptions, terminal: Terminal): Promise<number> {
  const view = progressView(terminal, terminal.error);
  return stoppable({ terminal, view, whenStopped: "stopped; nothing was written" }, async (signal) => {
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
  });
}
