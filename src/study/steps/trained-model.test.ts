/** The notebook's network on the data as found: what its test images are called, and which of them its interval takes for one lesion. */
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { referenceEngine } from "../../engine/reference/reference-engine.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { parseSettings } from "../../training/settings/parse.ts";
import { StudyFolder } from "../study-folder.ts";
import { isPublished } from "../study-report.ts";
import { inputsOf } from "./cross-validated.ts";
import { type OfficialModel, trainOfficial } from "./trained-model.ts";

const folder = temporaryFolder();
let metadata: string;

beforeAll(async () => {
  const published = join(folder, "published");
  await writePhantomDataset(published, { images: 60, size: 16, seed: 1 });
  await cp(join(published, "Train"), join(folder, "drawn"), { recursive: true });
  // Three lesions of many photographs each, some on both sides of every draw.
  const names = (await readdir(published, { recursive: true })).filter((name) => /\.(png|jpg)$/.test(name));
  const rows = names.map((name, i) => `${name.replaceAll("\\", "/")},L${i % 3}`);
  metadata = join(folder, "metadata.csv");
  await writeFile(metadata, ["path,lesion_id", ...rows, ""].join("\n"));
});

async function official(data: string): Promise<OfficialModel> {
  const raw = await readDataset(join(folder, data));
  const study = await StudyFolder.open(join(folder, `study-${data}`), raw.root, { stopwatch: () => 0 });
  const context = {
    folder: study,
    source: { data: raw.root, metadata },
    pictures: true,
    engine: referenceEngine(),
    settings: parseSettings({ engine: "reference", imageSize: 8, batch: 8, cache: join(folder, "cache") }),
    dataHash: data,
    onEvent: () => {},
    signal: undefined,
    stopwatch: () => 0,
    steps: new Map(),
  };
  const recipe = { network: "notebook", epochs: 1, augmentation: "none", imbalance: "none" } as const;
  return trainOfficial(context, raw, recipe).finally(() => study.close());
}

it("repeats a step by what is computed, whatever is written beside it and wherever things lie", () => {
  const settings = parseSettings({ epochs: 2 });
  const inputs = JSON.stringify(inputsOf(settings));
  const elsewhere = { data: "d", out: "o", cache: "c", metadata: "m", curation: "p", classMap: "q" };
  const beside = { checkpointSeconds: 5, tensorboard: true, hashes: false };
  expect(JSON.stringify(inputsOf({ ...settings, ...elsewhere, ...beside }))).toBe(inputs);
  for (const other of [{ epochs: 3 }, { seed: 1 }, { groupBy: "patient" }, { threads: 1 }] as const) {
    expect(JSON.stringify(inputsOf({ ...settings, ...other }))).not.toBe(inputs);
  }
});

describe("the data as found", () => {
  it("are judged by the lesions that are known, where their test images were published", async () => {
    const model = await official("published");
    expect(isPublished(model)).toBe(true);
    const { groups, samples, intervalMethod } = model.evaluation;
    expect(samples).toBeGreaterThan(3);
    expect(groups).toBe(3);
    expect(intervalMethod).toBe("Wilson, on the effective number of images");
  });

  it("have their run in the study's folder, whatever a step's file says", async () => {
    const { run } = await official("published");
    const steps = join(folder, "study-published", "steps");
    const name = (await readdir(steps)).find((one) => one.startsWith("official-") && !one.includes("evaluation"))!;
    const step = await readFile(join(steps, name), "utf8");
    expect(step).toContain(`"run":"${run}"`);
    await writeFile(join(steps, name), step.replace(run, "../victim"));
    expect((await official("published")).run).toBe(run);
  });

  it("keep their whole test where it was drawn, and it is not called published", async () => {
    const model = await official("drawn");
    expect(isPublished(model)).toBe(false);
    const images = (await readDataset(join(folder, "drawn"))).images.filter(({ split }) => split === "test");
    expect(model.evaluation.samples).toBe(images.length);
  });
});
