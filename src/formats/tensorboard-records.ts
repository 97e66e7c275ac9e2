/** Records of TensorBoard's event files: scalars of a step, each record with checksums. */
// Records: tensorflow/core/lib/io/record_writer.h. Messages: tensorflow/core/util/event.proto and framework/summary.proto.
import { crc32c } from "./crc32c.ts";
import { bytesField, doubleField, type Fields, floatField, intField, message, stringField } from "./protobuf.ts";

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

/** A number with its tag; one that is undefined is left out. */
export type Scalar = readonly [tag: string, value: number | undefined];

/** The record that begins an event file. `wallTime` is in seconds since 1970. */
export const versionRecord = (wallTime: number): Uint8Array =>
  record(message(doubleField(event.wallTime, wallTime), stringField(event.fileVersion, "brain.Event:2")));

/** The scalars of one step. `wallTime` is in seconds since 1970. */
export const scalarsRecord = ({
  wallTime,
  step,
  scalars,
}: {
  readonly wallTime: number;
  readonly step: number;
  readonly scalars: readonly Scalar[];
}): Uint8Array =>
  record(
    message(
      doubleField(event.wallTime, wallTime),
      intField(event.step, step),
      bytesField(event.summary, message(...scalars.flatMap(scalarField))),
    ),
  );

function scalarField([tag, value]: Scalar): Fields[] {
  if (value === undefined) return [];
  return [
    bytesField(summary.value, message(stringField(summaryValue.tag, tag), floatField(summaryValue.simpleValue, value))),
  ];
}
