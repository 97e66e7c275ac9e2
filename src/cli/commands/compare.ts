/** `naevus compare`: models side by side on the same images. */

import type { Command } from "commander";
import { checkLines } from "../../evaluation/judgement/format-check.ts";
import { compareRuns, type RunsCompared } from "../../run/compare.ts";
import { percent, plural } from "../../text/numbers.ts";
import { printableLine } from "../../text/printable.ts";
import { researchOnly } from "../../text/research-only.ts";
import { addJudgedDataOptions, type JudgedDataOptions, openJudged } from "../options/judged-data.ts";
import { stoppable } from "../terminal/interruption.ts";
import { phantomNotice, progressView } from "../terminal/progress.ts";
import { printText, type Terminal } from "../terminal/terminal.ts";

interface CompareOptions extends JudgedDataOptions {
  readonly json?: boolean;
}

/** Adds the command; `finish` takes its exit status. */
export function addCompareCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("compare")
    .description("Compare models with the first of them, on the same images, which none of them was trained on")
    .argument(
      "<run...>",
      "run folders, their model.onnx files, or folders of cross-validations, each of which predicts as an ensemble",
    )
    .option("--json", "Print the figures as one JSON object to standard output, everything else to standard error");
  addJudgedDataOptions(command).action(async (runs: string[], options: CompareOptions) =>
    finish(await runComparison(runs, options, terminal)),
  );
}

async function runComparison(runs: readonly string[], options: CompareOptions, terminal: Terminal): Promise<number> {
  const view = progressView(terminal, terminal.error);
  return stoppable({ terminal, view, whenStopped: "stopped; nothing was written" }, async (signal) => {
    const { dataset, judging } = await openJudged(runs, options, { signal, onEvent: view.show });
    const compared = await compareRuns(runs, dataset, judging);
    view.stop();
    if (options.json) terminal.out(JSON.stringify(compared));
    else printText(terminal.out, format(compared));
    return 0;
  });
}

const accuracyOf = ({ value }: { readonly value: number | null }): string => (value === null ? "-" : percent(value));

const points = ({
  value,
  interval,
}: {
  readonly value: number | null;
  readonly interval: readonly [number, number] | null;
}): string => {
  const signed = (part: number): string => `${part < 0 ? "-" : "+"}${Math.abs(part * 100).toFixed(1)}`;
  if (value === null) return "not defined";
  return `${signed(value)} points${interval ? ` (95 % interval ${signed(interval[0])} to ${signed(interval[1])})` : ""}`;
};

/** Stands below every comparison of runs. */
const modelsNotRecipes =
  "This compares trained models, not the recipes that they were trained by: with another seed, either would be another model.";

function format({ protocol, origin, check, comparisons }: RunsCompared): string {
  const phantom = origin === "phantom" ? `, ${phantomNotice}` : "";
  const parts = [check.leftOut, check.leftOutForAncestors].flatMap((counts) => Object.values(counts ?? {}));
  const leftOut = parts.reduce((sum, count) => sum + count, 0);
  return [
    ...comparisons.map((one) =>
      [
        printableLine(
          `${one.firstRun} against ${one.secondRun}: ${plural(one.samples, "image")}, ${protocol}${phantom}${leftOut > 0 ? `; ${leftOut} not judged` : ""}`,
        ),
        `  right                 ${accuracyOf(one.first)} against ${accuracyOf(one.second)}`,
        `  right alone           ${one.onlyFirst} against ${one.onlySecond}; ${one.test}: p = ${one.pValue.toFixed(4)}`,
        `  accuracy              ${points(one.accuracyDifference)}`,
        `  balanced accuracy     ${points(one.balancedAccuracyDifference)}`,
        "",
      ].join("\n"),
    ),
    ...checkLines(check, protocol),
    modelsNotRecipes,
    researchOnly,
  ].join("\n");
}
