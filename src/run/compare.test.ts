/** Comparison of runs on the same test images, and what it refuses. */
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { SettingsInput } from "../training/settings/schema.ts";
import { compareRuns } from "./compare.ts";
import { evaluate } from "./evaluate.ts";
import { train } from "./train.ts";

const folder = temporaryFolder();
let data: string;
const cache = () => join(folder, "cache");
const run = (name: string) => join(folder, name);

beforeAll(async () => {
  data = join(folder, "data");
  await writePhantomDataset(data, { images: 80, size: 16, seed: 1 });
  const dataset = await readDataset(data);
  const settings: SettingsInput = { engine: "reference", imageSize: 8, batch: 8, seed: 3, cache: cache() };
  await train(dataset, { ...settings, epochs: 1, out: run("one") });
  await train(dataset, { ...settings, epochs: 4, out: run("two") });
});

it("compares each run with the first, on the images that each of them was judged on", async () => {
  const dataset = await readDataset(data);
  const [one, two] = [
    await evaluate(run("one"), dataset, { cache: cache() }),
    await evaluate(run("two"), dataset, { cache: cache() }),
  ];
  const compared = await compareRuns([run("one"), run("two"), run("one")], dataset, { cache: cache() });
  expect(compared).toMatchObject({ protocol: "official", origin: "phantom", dataFingerprint: one.dataFingerprint });
  const [other, same] = compared.comparisons;
  expect(other!.first.value).toBe(one.accuracy);
  expect(other!.second.value).toBe(two.accuracy);
  expect(other!.accuracyDifference.value).toBeCloseTo(one.accuracy - two.accuracy, 12);
  expect(other!.onlyFirst - other!.onlySecond).toBe(one.correct - two.correct);
  expect(same).toMatchObject({ onlyFirst: 0, onlySecond: 0, pValue: 1 });
  // Two models that never differ may differ on other images.
  expect(same!.accuracyDifference.value).toBe(0);
  expect(same!.accuracyDifference.interval![0]).toBeLessThan(0);
});

it("refuses a single run", async () => {
  await expect(compareRuns([run("one")], await readDataset(data))).rejects.toThrow(/at least two runs/);
});

it("judges runs of different splits on what neither of them learned from", async () => {
  const settings = { engine: "reference", imageSize: 8, batch: 8, epochs: 1, cache: cache() } as const;
  const drawn = join(data, "Train");
  const tested: Set<string>[] = [];
  for (const seed of [1, 2]) {
    const dataset = await readDataset(drawn, { seed });
    await train(dataset, { ...settings, seed, out: run(`drawn ${seed}`) });
    tested.push(new Set(dataset.images.filter(({ split }) => split === "test").map(({ path }) => path)));
  }
  const common = [...tested[0]!].filter((path) => tested[1]!.has(path)).length;
  expect(common).toBeGreaterThan(0);
  const runs = [run("drawn 1"), run("drawn 2")];
  const compared = await compareRuns(runs, await readDataset(drawn), { cache: cache() });
  expect(compared.protocol).toBe("drawn split");
  expect(compared.comparisons[0]!.samples).toBe(common);
  expect(compared.check.leftOut.content).toBe(tested[0]!.size - common);
  expect(compared.check.leftOutImages).toHaveLength(tested[0]!.size - common);
  const insisted = await compareRuns(runs, await readDataset(drawn), { cache: cache(), allowSeen: true });
  expect(insisted.comparisons[0]!.samples).toBe(tested[0]!.size);
  expect(insisted.check.seen.content).toBe(tested[0]!.size - common);
});
