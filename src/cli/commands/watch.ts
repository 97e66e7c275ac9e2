/** `naevus watch`: the epochs of a run as they come, as a picture that renews itself in a terminal, else line by line. */

import type { Command } from "commander";
import { type FollowedEvent, followRun } from "../../run/folder/follow-run.ts";
import { neededFunctions } from "../../run/folder/own-functions.ts";
import type { RunConfig } from "../../run/folder/run-config.ts";
import { percent } from "../../text/numbers.ts";
import { shorten, textTable } from "../../text/text-table.ts";
import { type EpochMetrics, isEnded } from "../../training/progress.ts";
import { interrupted, withInterruption } from "../terminal/interruption.ts";
import { lossChart } from "../terminal/loss-chart.ts";
import { epochLine, headLines, ownFigure } from "../terminal/progress.ts";
import { shellWord, type Terminal } from "../terminal/terminal.ts";

/** Epochs in the table: with the chart they fit a screen of 24 lines. */
const shownEpochs = 6;

/** Adds the command; `finish` takes its exit status. */
export function addWatchCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  program
    .command("watch")
    .description("Follow a run that another process trains: print its epochs and losses until it ends")
    .argument("<run>", "run folder")
    .option("--json", "Print every event as one line of JSON")
    .action(async (run: string, { json }: { readonly json?: boolean }) => {
      const view = json
        ? jsonView(terminal)
        : terminal.columns === undefined
          ? lineView(terminal)
          : screenView(terminal);
      finish(
        await withInterruption(
          () => undefined,
          async (signal) => {
            for await (const event of followRun(run, { signal })) view(event);
            return signal.aborted ? interrupted : 0;
          },
        ),
      );
    });
}

type View = (event: FollowedEvent) => void;

const jsonView =
  (terminal: Terminal): View =>
  (event) =>
    terminal.out(JSON.stringify(event));

function endLine(
  { run, config }: Extract<FollowedEvent, { kind: "begin" }>,
  { finished, epochs }: Extract<FollowedEvent, { kind: "end" }>,
): string {
  if (finished) return `finished after ${epochs} ${epochs === 1 ? "epoch" : "epochs"}: ${run}`;
  const functions = neededFunctions(config.functions);
  return functions.length > 0
    ? `stopped in epoch ${epochs + 1}; go on from its program: resume(${JSON.stringify(run)}, { ${functions.join(", ")} })`
    : `stopped in epoch ${epochs + 1}; go on with: npx naevus train --resume ${shellWord(run)}`;
}

function lineView(terminal: Terminal): View {
  let begun: Extract<FollowedEvent, { kind: "begin" }>;
  const views: { readonly [K in FollowedEvent["kind"]]: (event: Extract<FollowedEvent, { kind: K }>) => string[] } = {
    begin: (event) => {
      begun = event;
      return headLines(event.run, event.config);
    },
    epoch: ({ metrics, epochs }) => [epochLine(metrics, epochs, begun.config.data.origin)],
    rewind: ({ epoch }) => [`went on after epoch ${epoch}`],
    end: (event) => [endLine(begun, event)],
  };
  return (event) => {
    for (const line of (views[event.kind] as (event: FollowedEvent) => string[])(event)) terminal.out(line);
  };
}

/** Draws everything anew over what stood there before, at each event. */
function screenView(terminal: Terminal): View {
  let begun: Extract<FollowedEvent, { kind: "begin" }> | undefined;
  let history: EpochMetrics[] = [];
  let drawn = 0;
  return (event) => {
    if (event.kind === "begin") begun = event;
    if (event.kind === "epoch") history.push(event.metrics);
    if (event.kind === "rewind") history = history.slice(0, event.epoch);
    if (begun === undefined) return;
    const columns = terminal.columns ?? 80;
    const lines = [
      ...picture(begun, history, columns),
      event.kind === "end" ? endLine(begun, event) : underWay(begun.config, history),
    ].map((line) => shorten(line, columns - 1));
    // Up to where the last picture began, and away with it.
    for (const [i, line] of lines.entries()) terminal.out(line, i === 0 ? drawn : 0);
    drawn = lines.length;
  };
}

function picture(
  { run, config }: Extract<FollowedEvent, { kind: "begin" }>,
  history: readonly EpochMetrics[],
  columns: number,
): string[] {
  const { epochs } = config.settings;
  return [
    ...headLines(run, config),
    ...(history.length > 0
      ? ["", ...epochTable(history, epochs), "", ...lossChart(history, { epochs, columns: columns - 1 })]
      : []),
    "",
  ];
}

function epochTable(history: readonly EpochMetrics[], epochs: number): string[] {
  const validated = history.some(({ validationLoss }) => validationLoss !== undefined);
  const optional = (value: number | undefined, format: (value: number) => string): string[] =>
    validated ? [value === undefined ? "" : format(value)] : [];
  const loss = (value: number): string => value.toFixed(4);
  const own = Object.keys(history.at(-1)?.metrics ?? {});
  const rows = history
    .slice(-shownEpochs)
    .map((one) => [
      `${String(one.epoch).padStart(String(epochs).length)}/${epochs}`,
      ...[loss(one.loss), percent(one.accuracy)],
      ...optional(one.validationLoss, loss),
      ...optional(one.validationAccuracy, percent),
      ...own.map((name) => ownFigure(one.metrics?.[name])),
      ...[one.learningRate.toPrecision(3), String(Math.round(one.imagesPerSecond)), `${one.seconds.toFixed(1)} s`],
    ]);
  const validation = validated ? ["val. loss", "val. accuracy"] : [];
  return textTable([["epoch", "loss", "accuracy", ...validation, ...own, "rate", "images/s", "time"], ...rows]).split(
    "\n",
  );
}

function underWay({ settings }: RunConfig, history: readonly EpochMetrics[]): string {
  const { epochs } = settings;
  return history.length < epochs && !isEnded(history)
    ? `epoch ${history.length + 1} of ${epochs} is under way`
    : "writing the model";
}
