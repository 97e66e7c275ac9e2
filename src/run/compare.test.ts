/** Comparison of runs on the same test images, and what it refuses. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readDataset } from "../dataset/dataset.ts";
import { writePhantomDataset } from "../image/phantom.ts";
import type { SettingsInput } from "../training/settings.ts";
import { compareRuns } from "./compare.ts";
import { evaluate } from "./evaluate.ts";
import { train } from "./train.ts";

let folder: string;
let data: string;
const cache = () => join(folder, "cache");
const run = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "naevus-compare-"));
  data = join(folder, "data");
  await writePhantomDataset(data, { images: 80, size: 16, seed: 1 });
  const dataset = await readDataset(data);
  const settings: SettingsInput = { engine: "reference", imageSize: 16, batch: 8, seed: 3, cache: cache() };
  await train(dataset, { ...settings, epochs: 1, out: run("one") });
  await train(dataset, { ...settings, epochs: 4, out: run("two") });
});
afterAll(() => rm(folder, { recursive: true }));

it("compares each run with the first, on the images that each of them was judged on", async () => {
  const dataset = await readDataset(data);
  const [one, two] = [
    await evaluate(run("one"), dataset, { cache: cache() }),
    await evaluate(run("two"), dataset, { cache: cache() }),
  ];
  const compared = await compareRuns([run("one"), run("two"), run("one")], data, { given: { cache: cache() } });
  expect(compared).toMatchObject({ protocol: "official", origin: "phantom", dataFingerprint: one.dataFingerprint });
  const [other, same] = compared.comparisons;
  expect(other!.first.value).toBe(one.accuracy);
  expect(other!.second.value).toBe(two.accuracy);
  expect(other!.accuracyDifference.value).toBeCloseTo(one.accuracy - two.accuracy, 12);
  expect(other!.onlyFirst - other!.onlySecond).toBe(one.correct - two.correct);
  expect(same).toMatchObject({ onlyFirst: 0, onlySecond: 0, mcnemar: 1 });
  expect(same!.accuracyDifference).toEqual({ value: 0, interval: [0, 0] });
});

it("refuses a single run, and runs of different splits", async () => {
  await expect(compareRuns([run("one")], data)).rejects.toThrow(/at least two runs/);
  const settings = { engine: "reference", imageSize: 16, batch: 8, epochs: 1, cache: cache() } as const;
  await train(await readDataset(data), { ...settings, seed: 4, out: run("other seed") });
  // Folders for Train and Test are the same whatever the seed, a drawn split is not.
  await compareRuns([run("one"), run("other seed")], data, { given: { cache: cache() } });
  const drawn = join(data, "Train");
  for (const seed of [1, 2]) {
    await train(await readDataset(drawn, { seed }), { ...settings, seed, out: run(`drawn ${seed}`) });
  }
  await expect(compareRuns([run("drawn 1"), run("drawn 2")], drawn, { given: { cache: cache() } })).rejects.toThrow(
    /drawn 2: has learned from \d+ of the \d+ images that .*drawn 1 is tested on; give runs of the same split/,
  );
});
