/** The bench's results for a terminal. */
import { textTable } from "../text/text-table.ts";
import type { Results } from "./bench.ts";
import type { TrainingRow } from "./training-bench.ts";

const megabytes = (bytes: number | null): string => (bytes === null ? "-" : `${(bytes / 1e6).toFixed(0)} MB`);
const times = (ratio: number | null): string => (ratio === null ? "-" : `${ratio.toFixed(2)}x`);
const rate = (value: number | null): string => value?.toFixed(0) ?? "-";
const milliseconds = (value: number | null): string => value?.toFixed(2) ?? "-";
const part = (value: number): string => value.toFixed(3);
const notMeasured = "not measured";

function scalingTable({ scaling }: Results): string[] {
  if (scaling === null) return [];
  const { base, batch, threads, imageSize, setSize } = scaling;
  const bare = (
    [
      ["batch", batch],
      ["threads", threads],
      ["image size", imageSize],
    ] as const
  ).flatMap(([name, points]) =>
    points.map(({ value, imagesPerSecond, peakMemoryBytes }) => [
      `${name} ${value}`,
      rate(imagesPerSecond),
      megabytes(peakMemoryBytes),
    ]),
  );
  const sets = setSize.map(({ value, packSeconds, openSeconds, imagesPerSecond, peakMemoryBytes }) => [
    `${value.toLocaleString("en-US")} images`,
    `${packSeconds.toFixed(1)} s`,
    `${openSeconds.toFixed(2)} s`,
    rate(imagesPerSecond),
    megabytes(peakMemoryBytes),
  ]);
  return [
    "",
    `${base.network}, ${base.precision}, as one thing changes:`,
    textTable([["step", "images/s", "memory"], ...bare]),
    "",
    `the whole pipeline at ${base.setImageSize}x${base.setImageSize}:`,
    textTable([["data set", "first start", "later", "images/s", "memory"], ...sets]),
  ];
}

/** Training speed, a line for each network and precision. */
export const formatTraining = (rows: readonly TrainingRow[]): string =>
  textTable([
    [`training, batch ${rows[0]!.batch}`, "images/s", "peer", "ratio", "memory", "peer", "the peer"],
    ...rows.map((row) => [
      `${row.network} ${row.precision}`,
      rate(row.imagesPerSecond),
      rate(row.peerImagesPerSecond),
      times(row.ratio),
      megabytes(row.peakMemoryBytes),
      megabytes(row.peerPeakMemoryBytes),
      row.peer ?? notMeasured,
    ]),
  ]);

/** The results as tables of text. */
export function formatResults(results: Results): string {
  const { machine, engine, training, inference, primitives, pipeline } = results;
  const inferenceRows = inference.map((row) => [
    row.network,
    milliseconds(row.milliseconds),
    milliseconds(row.peerMilliseconds),
    times(row.ratio),
    row.peer ?? notMeasured,
  ]);
  return [
    `${machine.processor}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}`,
    `${engine.library}, ${engine.instructionSet}, ${engine.threads} threads`,
    "",
    formatTraining(training),
    ...(["f32", "bf16"] as const)
      .filter((precision) => !engine.precisions.includes(precision))
      .map((precision) => `${precision}: not on this processor`),
    "",
    textTable([["one image, model.onnx", "ms", "peer", "time", "the peer"], ...inferenceRows]),
    "",
    `augmentation at 128x128, one core:       ${rate(results.augmentationImagesPerSecond)} images/s`,
    ...pipeline.map(
      ({ network, precision, pipelineOverStep, pipelineImagesPerSecond, stepImagesPerSecond }) =>
        `${`whole pipeline, ${network} ${precision}:`.padEnd(40)} ${part(pipelineOverStep)} of the bare step ` +
        `(${rate(pipelineImagesPerSecond)} of ${rate(stepImagesPerSecond)} images/s)`,
    ),
    ...primitives.map(
      ({ network, precision, primitiveOverStep }) =>
        `${`inside primitives, ${network} ${precision}:`.padEnd(40)} ${part(primitiveOverStep)} of the step`,
    ),
    `from starting train to its first step:   ${results.startSeconds.toFixed(2)} s`,
    ...scalingTable(results),
  ].join("\n");
}
