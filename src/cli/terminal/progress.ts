/** Shows a run as it goes: a moving bar in a terminal, one plain line per epoch elsewhere. */

import type { Problem } from "../../dataset/dataset.ts";
import { someProblems } from "../../dataset/some-problems.ts";
import { sizeOfSetting } from "../../image/image-size.ts";
import { placeOf } from "../../network/graph.ts";
import { networkName } from "../../network/network-source.ts";
import { functionsInWords } from "../../run/folder/own-functions.ts";
import type { RunConfig } from "../../run/folder/run-config.ts";
import type { RunEvent } from "../../run/run-events.ts";
import { count, percent, plural } from "../../text/numbers.ts";
import { type EpochMetrics, isEnded } from "../../training/progress.ts";
import { formatDuration } from "./duration.ts";
import { movingBar } from "./moving-bar.ts";
import { printWarning, type Terminal } from "./terminal.ts";

/** Shows the events of a training. */
export interface ProgressView {
  show(event: RunEvent): void;
  /** Takes the bar away; further events may bring it back. */
  stop(): void;
}

/** Stands beside every figure of drawn images. */
export const phantomNotice = "phantom data";

/** Problems that are listed one by one. */
const listedProblems = 20;

/** Problems as lines, of many some of every kind and how many more there are. */
export const problemLines = (problems: readonly Problem[]): string[] => [
  ...someProblems(problems, listedProblems).map(({ path, message }) => `${path}: ${message}`),
  ...(problems.length > listedProblems ? [`and ${problems.length - listedProblems} more`] : []),
];

interface Figures {
  readonly loss: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
}

const figures = ({ loss, accuracy, imagesPerSecond }: Figures, more = ""): string =>
  `loss ${loss.toFixed(4)}  accuracy ${percent(accuracy)}${more}  ${Math.round(imagesPerSecond)} images/s`;

const beside = (origin: RunConfig["data"]["origin"]): string => (origin === "phantom" ? `  (${phantomNotice})` : "");

const imageCounts = ({ train, validation = 0, test }: RunConfig["data"]): string =>
  validation === 0
    ? `${count(train)} training and ${count(test)} test images`
    : `${count(train - validation)} training and ${count(validation)} validation images, and ${count(test)} test images,`;

/** What a run trains, on what, and where it is. */
export const headLines = (
  run: string,
  { settings, resolved, data, functions, versions, from }: RunConfig,
): string[] => [
  `${networkName(settings.network)}: ${count(resolved.parameters)} parameters, ${sizeOfSetting(resolved.imageSize).join("x")} pixels, ` +
    `batch ${resolved.batch}; ${resolved.precision} on ${versions.engine}, ` +
    `${versions.instructionSet === "none" ? "" : `${versions.instructionSet}, `}` +
    `${plural(resolved.threads, "thread")}`,
  `${imageCounts(data)} of ${data.classes.length} classes${beside(data.origin)}`,
  ...(functions ? [functionsInWords(functions).join(", ")] : []),
  ...(from === undefined ? [] : [startLine(from, settings)]),
  `run: ${run}`,
];

/** A metric of the program's own, which is null where it has no value. */
export const ownFigure = (value: number | null | undefined): string =>
  typeof value === "number" ? String(Number(value.toPrecision(4))) : "none";

/** What a run went on from, and what of it began anew or is frozen. */
function startLine({ ancestors, newLayer }: NonNullable<RunConfig["from"]>, { freeze }: RunConfig["settings"]): string {
  const [parent] = ancestors;
  const parts = [
    newLayer === undefined ? "all layers go on" : `its last layer (${placeOf(newLayer)}) begins anew`,
    ...(freeze > 0 ? [`the first ${plural(freeze, "layer")} stay as they are`] : []),
  ];
  return `going on from ${parent!.network}, which was trained on ${parent!.classes.length} classes: ${parts.join(", ")}`;
}

/** One epoch as a line. */
export function epochLine(metrics: EpochMetrics, epochs: number, origin: RunConfig["data"]["origin"]): string {
  const { epoch, seconds, imagesPerSecond, images, validationLoss, validationAccuracy, ended } = metrics;
  const own = Object.entries(metrics.metrics ?? {}).map(([name, value]) => `  ${name} ${ownFigure(value)}`);
  const left = imagesPerSecond > 0 ? formatDuration(((epochs - epoch) * images) / imagesPerSecond) : "";
  const remaining = ended ? "  ended by the program" : epoch < epochs && left ? `  ${left} left` : "";
  const validation =
    validationLoss === undefined || validationAccuracy === undefined
      ? ""
      : `  validation ${validationLoss.toFixed(4)}, ${percent(validationAccuracy)}`;
  return (
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}  ${figures(metrics, validation + own.join(""))}  ` +
    `${seconds.toFixed(1)} s${remaining}${beside(origin)}`
  );
}

/**
 * @param print takes the plain lines: standard output, or standard error where the output is JSON
 */
export function progressView(terminal: Terminal, print: (line: string) => void): ProgressView {
  /** Whether plain lines would run into the bar, which moves on standard error. */
  const sameScreen = print === terminal.error || terminal.columns !== undefined;
  const { move, stop, log } = movingBar(terminal);
  let origin: RunConfig["data"]["origin"] = "folder";
  let batch = 0;

  const line = (text: string) => {
    stop();
    print(text);
  };

  const views: { readonly [K in RunEvent["kind"]]: (event: Extract<RunEvent, { kind: K }>) => void } = {
    warning: ({ message }) => {
      stop();
      printWarning(terminal, message);
    },
    drawing: ({ done, total }) => {
      move("drawing phantom images", done, total, `${done} of ${total}`);
      if (done === total) stop();
    },
    packing: ({ done, total }) => {
      move("reading images", done, total, `${done} of ${total}`);
      if (done === total) stop();
    },
    comparing: ({ done, total }) => {
      move("comparing images", done, total, `${done} of ${total}`);
      if (done === total) stop();
    },
    problems: ({ problems }) => {
      stop();
      for (const text of problemLines(problems)) terminal.error(text);
    },
    begin: ({ run, config, progress }) => {
      const { settings } = config;
      batch = config.resolved.batch;
      origin = config.data.origin;
      for (const text of headLines(run, config)) line(text);
      if (progress.epoch > 0 || progress.step > 0) {
        const { epoch, step } = progress;
        line(
          step > 0
            ? `going on in epoch ${epoch + 1}, after ${plural(step, "step")}`
            : epoch < settings.epochs && !isEnded(progress.history)
              ? `going on after epoch ${epoch}`
              : "the training is finished; writing the model again",
        );
      }
    },
    step: (event) => {
      const { epoch, epochs, step, stepsPerEpoch, imagesPerSecond } = event;
      const done = (epoch - 1) * stepsPerEpoch + step;
      const total = epochs * stepsPerEpoch;
      const left = imagesPerSecond > 0 ? `  ${formatDuration(((total - done) * batch) / imagesPerSecond)} left` : "";
      const name = origin === "phantom" ? `training on ${phantomNotice}` : "training";
      move(name, done, total, `epoch ${epoch}/${epochs}  ${figures(event)}${left}`);
    },
    epoch: ({ metrics, epochs }) => {
      const text = epochLine(metrics, epochs, origin);
      if (!sameScreen || !log(text)) print(text);
    },
  };
  return {
    show: (event) => (views[event.kind] as (event: RunEvent) => void)(event),
    stop,
  };
}
