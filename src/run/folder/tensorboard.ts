/** The event file of a run for TensorBoard: the figures of each epoch as scalars. */
import { constants } from "node:fs";
import { appendFile, open } from "node:fs/promises";
import { join } from "node:path";
import { refuseOtherKind, writeError } from "../../disk/files.ts";
import { message } from "../../formats/protobuf.ts";
import { type Scalar, scalarsRecord, versionRecord } from "../../formats/tensorboard-records.ts";
import type { EpochMetrics } from "../../training/progress.ts";
import { runFiles } from "./run-folder.ts";

const scalars = (metrics: EpochMetrics): readonly Scalar[] => [
  ["loss/training", metrics.loss],
  ["loss/validation", metrics.validationLoss],
  ["accuracy/training", metrics.accuracy],
  ["accuracy/validation", metrics.validationAccuracy],
  ["learning rate", metrics.learningRate],
  ["images per second", metrics.imagesPerSecond],
  ...Object.entries(metrics.metrics ?? {}).map(([name, value]): Scalar => [`metrics/${name}`, value ?? undefined]),
];

const epochRecord = (metrics: EpochMetrics, wallTime: number): Uint8Array =>
  scalarsRecord({ wallTime, step: metrics.epoch, scalars: scalars(metrics) });

const wallTime = (started: number, history: readonly EpochMetrics[]): number =>
  history.reduce((time, { seconds }) => time + seconds, started / 1000);

/**
 * The whole event file of a training: a function of when it started and of its epochs, so that a run that was stopped has the same
 * one. An epoch's wall time is the start plus the seconds of all steps so far.
 *
 * @param started milliseconds since 1970
 */
export function eventFile(started: number, history: readonly EpochMetrics[]): Uint8Array {
  const epochs = history.map((metrics, i) => epochRecord(metrics, wallTime(started, history.slice(0, i + 1))));
  return message(versionRecord(started / 1000), ...epochs);
}

/** Writes the event file of a run and adds an epoch to it, whenever there is one. */
export interface EventWriter {
  add(metrics: EpochMetrics): Promise<void>;
}

/**
 * Brings the event file of a run in line with the epochs so far. It is written in place, since a viewer that has it open goes on where it
 * was. Throws FileError.
 */
export async function openEventFile(
  run: string,
  started: number,
  history: readonly EpochMetrics[],
): Promise<EventWriter> {
  const file = join(run, runFiles.events);
  const failed = (error: unknown): never => {
    throw writeError(file, error);
  };
  const bytes = eventFile(started, history);
  await refuseOtherKind(file).catch(failed);
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT).catch(failed);
  try {
    await handle.writeFile(bytes);
    await handle.truncate(bytes.length);
  } catch (error) {
    failed(error);
  } finally {
    await handle.close();
  }
  let known = history;
  return {
    async add(metrics) {
      known = [...known, metrics];
      await appendFile(file, epochRecord(metrics, wallTime(started, known))).catch(failed);
    },
  };
}
