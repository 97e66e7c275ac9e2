/** Cross-validation that is stopped goes on to the same figures. */
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { listDataset } from "../dataset/list-images.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { crossValidate } from "./cross-validate.ts";
import type { RunEvent } from "./run-events.ts";
import { makeOlderRun } from "./testing/changed.ts";

const folder = temporaryFolder();

it("goes on in the middle of a fold", async () => {
  const data = join(folder, "data");
  await writePhantomDataset(data, { images: 40, size: 16, seed: 1 });
  const settings = { engine: "reference", imageSize: 8, batch: 8, epochs: 2, cache: join(folder, "cache") } as const;
  const whole = await crossValidate(data, { ...settings, out: join(folder, "whole") }, { folds: 2 });

  const out = join(folder, "stopped");
  const stop = new AbortController();
  let begun = 0;
  const onEvent = ({ kind }: RunEvent) => {
    if (kind === "begin") begun++;
    if (kind === "step" && begun === 2) stop.abort();
  };
  const stopped = await crossValidate(data, { ...settings, out }, { folds: 2, signal: stop.signal, onEvent });
  expect(stopped).toEqual({ folder: out, evaluation: undefined });
  expect((await readdir(join(out, "fold-1"))).sort()).not.toContain("model.onnx");
  const { evaluation } = await crossValidate(data, { ...settings, out }, { folds: 2 });
  expect(evaluation).toEqual(whole.evaluation);
  expect(evaluation).toMatchObject({ samples: 40, protocol: "grouped:2", groupedBy: ["content", "near duplicate"] });
  expect(evaluation).toMatchObject({ groups: 40, intervalMethod: "Wilson" });
});

it("goes on with the folds of an earlier version, which had no limit of pixels among its settings", async () => {
  const data = join(folder, "older-data");
  await writePhantomDataset(data, { images: 40, size: 16, seed: 1 });
  const settings = { engine: "reference", imageSize: 8, batch: 8, epochs: 1, cache: join(folder, "cache") } as const;
  const out = join(folder, "older");
  const { evaluation } = await crossValidate(data, { ...settings, out }, { folds: 2 });
  await makeOlderRun(join(out, "fold-0"));
  await rm(join(out, "fold-1"), { recursive: true });
  expect((await crossValidate(data, { ...settings, out }, { folds: 2 })).evaluation).toEqual(evaluation);
  const limited = crossValidate(data, { ...settings, out, maxPixels: 50 }, { folds: 2 });
  await expect(limited).rejects.toThrow("begun with maxPixels 269");
});

it("lets intervals go by the lesions, where they are known", async () => {
  const data = join(folder, "lesions");
  await writePhantomDataset(data, { images: 90, size: 16, seed: 2 });
  const { images } = await listDataset(data);
  const seen = new Map<number, number>();
  const rows: string[] = [];
  for (const [number, { path, label }] of images.entries()) {
    // The names of phantoms are those of their class; metadata go by names that are an image's own.
    await rename(join(data, path), join(data, dirname(path), `${number}.jpg`));
    const place = seen.get(label) ?? 0;
    seen.set(label, place + 1);
    rows.push(`${number}.jpg,${label}-${Math.floor(place / 3)}`);
  }
  const metadata = join(folder, "lesions.csv");
  await writeFile(metadata, `image,lesion_id\n${rows.join("\n")}\n`);
  const settings = {
    engine: "reference",
    imageSize: 8,
    batch: 8,
    epochs: 1,
    cache: join(folder, "cache"),
    out: join(folder, "by lesion"),
  } as const;
  const { evaluation } = await crossValidate(data, { ...settings, metadata }, { folds: 2 });
  const lesions = new Set(rows.map((row) => row.split(",")[1])).size;
  expect(lesions).toBeLessThan(images.length);
  expect(evaluation).toMatchObject({
    samples: images.length,
    groups: lesions,
    intervalMethod: "Wilson, on the effective number of images",
  });

  // The table was moved, and the cache: neither decides what is computed.
  const moved = join(folder, "moved.csv");
  await rename(metadata, moved);
  const elsewhere = { ...settings, cache: join(folder, "another cache") };
  expect((await crossValidate(data, { ...elsewhere, metadata: moved }, { folds: 2 })).evaluation).toEqual(evaluation);
  // What would be ignored for the folds that are there is refused.
  for (const [other, named] of [
    [{}, `metadata ${metadata}`],
    [{ metadata: moved, hashes: false }, "hashes true"],
    [{ metadata: moved, tensorboard: true }, "tensorboard false"],
    [{ metadata: moved, checkpointSeconds: 5 }, "checkpointSeconds 60"],
    [{ metadata: moved, seed: 1 }, "seed 0"],
  ] as const) {
    const again = crossValidate(data, { ...elsewhere, ...other }, { folds: 2 });
    await expect(again).rejects.toThrow(`fold-0: begun with ${named}; give the same settings to go on`);
  }
});
