/** Damaged files of a run: what a failing disk or an editor makes of them is refused, or means what it meant. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { damagedText } from "../../disk/testing/damage.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { Random } from "../../random.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { evaluate } from "../evaluate.ts";
import { train } from "../train.ts";
import { readEvaluation } from "./evaluation-file.ts";
import { followRun } from "./follow-run.ts";
import { readConfig } from "./run-config.ts";
import { readRunImages } from "./run-images.ts";

const folder = temporaryFolder();
let run: string;

beforeAll(async () => {
  await writePhantomDataset(join(folder, "data"), { images: 48, size: 16, seed: 1 });
  const dataset = await readDataset(join(folder, "data"));
  run = join(folder, "run");
  const cache = join(folder, "cache");
  const validated = { validation: 0.2, patience: 3, mixup: 0.2, averaging: 0.9 };
  await train(dataset, { engine: "reference", imageSize: 8, batch: 8, epochs: 3, ...validated, cache, out: run });
  await evaluate(run, dataset, { cache });
});

const historyOf = async (of: string) => {
  const epochs = [];
  for await (const event of followRun(of, { pollMilliseconds: 1 })) {
    if (event.kind === "epoch") epochs.push(event.metrics);
  }
  return epochs;
};

/** The files of a run, how each is read, and how often each is damaged. */
const files: readonly (readonly [name: string, read: (run: string) => Promise<unknown>, damages: number])[] = [
  ["config.json", readConfig, 600],
  ["metrics.jsonl", historyOf, 300],
  ["images.csv", async (of) => readRunImages(of, (await readConfig(of)).data), 300],
  ["evaluation.json", readEvaluation, 300],
];

describe("a damaged file", () => {
  it.each(files)("%s is refused by its name, or means the same", { timeout: 60_000 }, async (name, read, damages) => {
    const copy = join(folder, `damaged-${name}`);
    await cp(run, copy, { recursive: true });
    const file = join(copy, name);
    const text = await readFile(file);
    const meant = await read(copy);
    const random = Random.of(600, damages);
    const counts = { refused: 0, same: 0, other: [] as string[], wordless: [] as string[] };
    for (let i = 0; i < damages; i++) {
      const { how, bytes } = damagedText(text, random);
      await writeFile(file, bytes);
      try {
        const readAgain = JSON.stringify(await read(copy));
        if (readAgain === JSON.stringify(meant)) counts.same++;
        else counts.other.push(how);
      } catch (error) {
        counts.refused++;
        const { message } = error as Error;
        if (!message.includes(file) || !/again|anew|put the file back/.test(message)) counts.wordless.push(message);
      }
    }
    expect(counts).toEqual({ refused: expect.any(Number), same: expect.any(Number), other: [], wordless: [] });
    expect(counts.refused).toBeGreaterThan(0.9 * damages);
  });
});
