/** Event files: byte for byte those of TensorBoard's own writer, and the same ones after a stop. */
import { appendFile, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import type { Dataset } from "../../dataset/dataset.ts";
import { FileError } from "../../errors.ts";
import { crc32c } from "../../formats/crc32c.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import type { EpochMetrics } from "../../training/progress.ts";
import type { SettingsInput } from "../../training/settings/schema.ts";
import recorded from "../reference-numbers/tensorboard-events.json" with { type: "json" };
import { resume } from "../resume.ts";
import type { RunContext } from "../run-events.ts";
import { train } from "../train.ts";
import { eventFile, openEventFile } from "./tensorboard.ts";

const name = "events.out.tfevents.naevus";
const epochs: readonly EpochMetrics[] = recorded.epochs;

const folder = temporaryFolder();
let dataset: Dataset;
let settings: SettingsInput;

beforeAll(async () => {
  await writePhantomDataset(join(folder, "data"), { images: 40, size: 16, seed: 1 });
  dataset = await readDataset(join(folder, "data"));
  settings = {
    engine: "reference",
    imageSize: 8,
    batch: 8,
    epochs: 3,
    cache: join(folder, "cache"),
    tensorboard: true,
  };
});

it("are what TensorBoard's own writer writes", () => {
  expect(Buffer.from(eventFile(recorded.startedMilliseconds, epochs)).toString("hex")).toBe(recorded.file);
});

it("grow by whole records, and are cut back to the epochs that count", async () => {
  const file = join(folder, name);
  const started = recorded.startedMilliseconds;
  const writer = await openEventFile(folder, started, []);
  for (const metrics of epochs) await writer.add(metrics);
  expect((await readFile(file)).toString("hex")).toBe(recorded.file);
  const { ino } = await stat(file);
  await appendFile(file, "half a record");
  await openEventFile(folder, started, epochs.slice(0, 2));
  expect(await readFile(file)).toEqual(Buffer.from(eventFile(started, epochs.slice(0, 2))));
  // A viewer that has the file open sees it all the same.
  expect((await stat(file)).ino).toBe(ino);
  await expect(openEventFile(join(folder, "none"), started, [])).rejects.toThrow(FileError);
});

/** Steps of all records, whose checksums are looked at on the way. */
function stepsOf(file: Buffer): number[] {
  const steps: number[] = [];
  const unmasked = (value: number) => {
    const rotated = (value - 0xa282ead8) >>> 0;
    return ((rotated << 15) | (rotated >>> 17)) >>> 0;
  };
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(unmasked(file.readUInt32LE(at + 8))).toBe(crc32c(file.subarray(at, at + 8)));
    expect(unmasked(file.readUInt32LE(at + 12 + length))).toBe(crc32c(data));
    // After the wall time: the step, where there is one, in a single byte.
    if (data[9] === 2 << 3) steps.push(data[10]!);
    at += length + 16;
  }
  return steps;
}

it("hold every epoch of a run once, also where it was stopped", async () => {
  const clock = () => {
    let time = 1.7e12;
    return () => (time += 500);
  };
  const stop = new AbortController();
  let steps = 0;
  const context: RunContext = {
    clock: clock(),
    stopwatch: clock(),
    signal: stop.signal,
    onEvent: ({ kind }) => {
      if (kind === "step" && ++steps === 5) stop.abort();
    },
  };
  const stopped = join(folder, "stopped");
  const { finished } = await train(dataset, { ...settings, out: stopped }, context);
  expect(finished).toBe(false);
  expect(stepsOf(await readFile(join(stopped, name)))).toEqual([1]);
  await resume(stopped, { stopwatch: clock() });
  expect(stepsOf(await readFile(join(stopped, name)))).toEqual([1, 2, 3]);
  await resume(stopped);
  const file = await readFile(join(stopped, name));
  expect(stepsOf(file)).toEqual([1, 2, 3]);
  const lines = (await readFile(join(stopped, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
  const { started } = JSON.parse(await readFile(join(stopped, "config.json"), "utf8"));
  expect(file).toEqual(
    Buffer.from(
      eventFile(
        Date.parse(started),
        lines.map((line) => JSON.parse(line)),
      ),
    ),
  );
});

it("are not there unless asked for", async () => {
  const out = join(folder, "without");
  await train(dataset, { ...settings, epochs: 1, tensorboard: false, out });
  expect(await readdir(out)).not.toContain(name);
});
