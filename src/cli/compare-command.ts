/** `naevus compare`: runs side by side on the same test images. */
import type { Command } from "commander";
import { compareRuns, type RunsCompared } from "../run/compare.ts";
import { interrupted, isAbort, withInterruption } from "./interruption.ts";
import { phantomNotice, progressView } from "./progress.ts";
import { addSettingOptions, settingsFromFlags, withAbsolutePaths } from "./setting-options.ts";
import type { Terminal } from "./terminal.ts";
import { intendedUse } from "./train-command.ts";

interface CompareOptions extends Readonly<Record<string, unknown>> {
  readonly data: string;
  readonly json?: boolean;
}

/** Adds the command; `finish` takes its exit status. */
export function addCompareCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("compare")
    .description("Compare runs with the first of them, on the same test images")
    .argument("<run...>", "run folders, or their model.onnx")
    .requiredOption("--data <path>", "Folder of images with the classes of the models")
    .option("--json", "Print the figures as one JSON object to standard output, all else to standard error");
  addSettingOptions(command, ["curation", "metadata", "protocol", "groupBy", "cache"]).action(
    async (runs: string[], options: CompareOptions) => finish(await runComparison(runs, options, terminal)),
  );
}

async function runComparison(runs: readonly string[], options: CompareOptions, terminal: Terminal): Promise<number> {
  const given = withAbsolutePaths(settingsFromFlags(options));
  const view = progressView(terminal, terminal.error);
  return withInterruption(view.stop, async (signal) => {
    try {
      const compared = await compareRuns(runs, options.data, { given, signal, onEvent: view.show });
      view.stop();
      terminal.out(options.json ? JSON.stringify(compared) : format(compared));
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

const percent = (value: number | null): string => (value === null ? "-" : `${(value * 100).toFixed(1)} %`);

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

function format({ protocol, origin, comparisons }: RunsCompared): string {
  const phantom = origin === "phantom" ? `, ${phantomNotice}` : "";
  return [
    ...comparisons.map((one) =>
      [
        `${one.firstRun} against ${one.secondRun}: ${one.samples} test images, ${protocol}${phantom}`,
        `  right                 ${percent(one.first.value)} against ${percent(one.second.value)}`,
        `  right alone           ${one.onlyFirst} against ${one.onlySecond}; McNemar's exact p = ${one.mcnemar.toFixed(4)}`,
        `  accuracy              ${points(one.accuracyDifference)}`,
        `  balanced accuracy     ${points(one.balancedAccuracyDifference)}`,
        "",
      ].join("\n"),
    ),
    intendedUse,
  ].join("\n");
}
