/** What earlier versions wrote still opens, gives the figures that they gave, and goes on to the weights that they came to. */
import { createHash } from "node:crypto";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "../formats/safetensors.ts";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { compareRuns } from "./compare.ts";
import { crossValidate } from "./cross-validate.ts";
import { evaluate } from "./evaluate.ts";
import { readEvaluation } from "./folder/evaluation-file.ts";
import { type FollowedEvent, followRun } from "./folder/follow-run.ts";
import { readConfig } from "./folder/run-config.ts";
import { predict } from "./predict.ts";
import { resume } from "./resume.ts";

const writtenBy = join(import.meta.dirname, "testing/written-by");
const phantoms = join(writtenBy, "0.1.0/phantoms");
const folder = temporaryFolder();
const cache = join(folder, "cache");

const readExpected = async (version: string) =>
  JSON.parse(await readFile(join(writtenBy, version, "expected.json"), "utf8"));

/** A copy, since judging and resuming write into a run. */
let copies = 0;
async function copyOf(version: string, name: string): Promise<string> {
  const copy = join(folder, String(copies++), name);
  await cp(join(writtenBy, version, name), copy, { recursive: true });
  return copy;
}

/** Models run in another version of ONNX Runtime, and on another processor, which round otherwise: figures to six digits. */
const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, entry) => (typeof entry === "number" ? Number(entry.toPrecision(6)) : entry));

/** What a training came to, bit for bit: the last weights, and the best where a validation tells them. */
async function weightsOf(run: string): Promise<string> {
  const { tensors } = readSafetensors(await readFile(join(run, "checkpoint.safetensors")));
  const digest = createHash("sha256");
  for (const [name, { data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (/^(?:parameters|best)\./.test(name)) digest.update(name).update(data);
  }
  return digest.digest("hex");
}

async function followed(run: string): Promise<FollowedEvent[]> {
  const events: FollowedEvent[] = [];
  for await (const event of followRun(run)) events.push(event);
  return events;
}

async function resumed(version: string): Promise<string> {
  const run = await copyOf(version, "stopped");
  expect(await resume(run, { data: phantoms, cache })).toMatchObject({ finished: true });
  await evaluate(run, await readDataset(phantoms), { cache });
  return run;
}

describe.each(["0.1.0", "0.1.0/format-1"])("written by %s", (version) => {
  it("a finished run opens, and judges as it did", async () => {
    const expected = await readExpected(version);
    const run = await copyOf(version, "finished");
    expect(await readConfig(run)).toMatchObject({ settings: { network: "notebook", imageSize: 8, validation: 0.25 } });
    const stored = await readEvaluation(run);
    const events = await followed(run);
    expect(events.map(({ kind }) => kind)).toEqual(["begin", "epoch", "epoch", "end"]);
    const evaluation = await evaluate(run, await readDataset(phantoms), { cache });
    expect(rounded(evaluation)).toEqual(rounded(expected.evaluate));
    expect(rounded(stored)).toMatchObject(rounded(evaluation) as object);
  });

  it("its model predicts as it did", async () => {
    const { predict: expected } = await readExpected(version);
    const images = expected.predictions.map(({ image }: { image: string }) => join(writtenBy, "0.1.0", image));
    for (const model of ["finished", "finished/model.onnx"]) {
      const { predictions } = await predict(join(writtenBy, version, model), images);
      const expectedThere = expected.predictions.map((one: object, i: number) => ({ ...one, image: images[i] }));
      expect(rounded(predictions)).toEqual(rounded(expectedThere));
    }
  });

  it("a stopped run is followed to where it stopped, and goes on to the same weights, bit for bit", async () => {
    const { resumed: expected, compare } = await readExpected(version);
    expect((await followed(join(writtenBy, version, "stopped"))).at(-1)).toMatchObject({ finished: false, epochs: 1 });
    const run = await resumed(version);
    expect(await weightsOf(run)).toBe(expected.weights);
    const events = await followed(run);
    const metrics = events.flatMap((event) => (event.kind === "epoch" ? [event.metrics] : []));
    expect(metrics).toMatchObject(expected.metrics);
    expect(rounded(await readEvaluation(run))).toMatchObject(rounded(expected.evaluation) as object);

    const runs = [await copyOf(version, "finished"), run] as const;
    const names = (one: object) => ({ ...one, firstRun: "finished", secondRun: "resumed" });
    const { comparisons, ...rest } = await compareRuns(runs, await readDataset(phantoms), { cache });
    expect(rounded({ ...rest, comparisons: comparisons.map(names) })).toEqual(rounded(compare));
  });
});

it("a cross-validation of 0.1.0 is gone on with", async () => {
  const { crossValidate: expected } = await readExpected("0.1.0");
  const out = await copyOf("0.1.0", "folds");
  const settings = { engine: "reference", imageSize: 8, batch: 8, seed: 3, epochs: 1, cache, out } as const;
  const { evaluation } = await crossValidate(phantoms, settings, { folds: 2 });
  expect(rounded(evaluation)).toEqual(rounded(expected));
  const judged = await evaluate(out, await readDataset(phantoms), { cache, allowSeen: true });
  expect(judged).toMatchObject({ models: 2, samples: 24 });
});
