/** Runs with augmentation, mixing and smoothed labels: another model than without, and the same one after a stop. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { SettingsInput } from "../training/settings/schema.ts";
import { resume } from "./resume.ts";
import { train } from "./train.ts";

const folder = temporaryFolder();
let dataset: Dataset;
let settings: SettingsInput;

beforeAll(async () => {
  await writePhantomDataset(join(folder, "data"), { images: 40, size: 16, seed: 1 });
  dataset = await readDataset(join(folder, "data"));
  settings = { engine: "reference", imageSize: 8, batch: 8, epochs: 2, seed: 3, cache: join(folder, "cache") };
});

const modelOf = (run: string): Promise<Buffer> => readFile(join(run, "model.onnx"));

it("trains another model for each setting, and the same one when it was stopped", async () => {
  const variants: SettingsInput[] = [
    {},
    { augmentation: "flips" },
    { randomErasing: 0.5 },
    { mixup: 0.4 },
    { cutmix: 1 },
    { labelSmoothing: 0.1 },
    { augmentation: "strong", mixup: 0.4, cutmix: 1, labelSmoothing: 0.1 },
  ];
  const models: Buffer[] = [];
  for (const [i, variant] of variants.entries()) {
    const out = join(folder, `run${i}`);
    await train(dataset, { ...settings, ...variant, out });
    models.push(await modelOf(out));
  }
  expect(new Set(models.map((model) => model.toString("base64"))).size).toBe(variants.length);

  const out = join(folder, "stopped");
  const stop = new AbortController();
  let steps = 0;
  const onEvent = ({ kind }: { readonly kind: string }) => {
    if (kind === "step" && ++steps === 3) stop.abort();
  };
  const { finished } = await train(dataset, { ...settings, ...variants.at(-1), out }, { signal: stop.signal, onEvent });
  expect(finished).toBe(false);
  await resume(out);
  expect((await modelOf(out)).equals(models.at(-1)!)).toBe(true);
});
