/** Event files for TensorBoard: the figures of each epoch as scalars, in records with checksums. */
// Records: tensorflow/core/lib/io/record_writer.h. Messages: tensorflow/core/util/event.proto and framework/summary.proto.
import { constants } from "node:fs";
import { appendFile, open } from "node:fs/promises";
import { join } from "node:path";
import { refuseOtherKind, writeError } from "../../disk/files.ts";
import { crc32c } from "../../formats/crc32c.ts";
import {
  bytesField,
  doubleField,
  type Fields,
  floatField,
  intField,
  message,
  stringField,
} from "../../formats/protobuf.ts";
import type { EpochMetrics } from "../../training/progress.ts";
import { runFiles } from "./run-folder.ts";

const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const;
const summary = { value: 1 } as const;
const summaryValue = { tag: 1, simpleValue: 2 } as const;

/** Rotated and shifted, so that a checksum of data that hold checksums is still a good one. */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** Length, its checksum, the data, their checksum; little endian. */
function record(data: Fields): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(crc32c(bytes.subarray(0, 8))), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return bytes;
}

const scalars = (metrics: EpochMetrics): readonly (readonly [tag: string, value: number | undefined])[] => [
  ["loss/training", metrics.loss],
  ["loss/validation", metrics.validationLoss],
  ["accuracy/training", metrics.accuracy],
  ["accuracy/validation", metrics.validationAccuracy],
  ["learning rate", metrics.learningRate],
  ["images per second", metrics.imagesPerSecond],
];

const epochRecord = (metrics: EpochMetrics, wallTime: number): Uint8Array =>
  record(
    message(
      doubleField(event.wallTime, wallTime),
      intField(event.step, metrics.epoch),
      bytesField(
        event.summary,
        message(
          ...scalars(metrics).flatMap(([tag, value]) =>
            value === undefined
              ? []
              : [
                  bytesField(
                    summary.value,
                    message(stringField(summaryValue.tag, tag), floatField(summaryValue.simpleValue, value)),
                  ),
                ],
          ),
        ),
      ),
    ),
  );

const wallTime = (started: number, history: readonly EpochMetrics[]): number =>
  history.reduce((time, { seconds }) => time + seconds, started / 1000);

/**
 * The whole event file of a training: a function of when it started and of its epochs, so that a run that was stopped has the same
 * one. An epoch's wall time is the start plus the seconds of all steps so far.
 *
 * @param started milliseconds since 1970
 */
export function eventFile(started: number, history: readonly EpochMetrics[]): Uint8Array {
  const first = message(doubleField(event.wallTime, started / 1000), stringField(event.fileVersion, "brain.Event:2"));
  const epochs = history.map((metrics, i) => epochRecord(metrics, wallTime(started, history.slice(0, i + 1))));
  return message(record(first), ...epochs);
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
