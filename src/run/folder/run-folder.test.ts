/** The folder of a new run: what may stand in it already, and what is made of it inside the data folder. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { writeLocalPaths } from "./local-paths.ts";
import { appendMetrics, epochOfLine, makeDefaultRunFolder, makeRunFolder, refuseUsedFolder } from "./run-folder.ts";
import { writeRunImages } from "./run-images.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

it.each([".DS_Store", "Thumbs.db", "desktop.ini", "Desktop.ini", ".directory"])("%s is nothing", async (name) => {
  await writeFile(join(folder, name), "");
  await refuseUsedFolder(folder);
});

it.each([
  ["config.json", "there is a run already"],
  ["thesis.txt", "the folder is not empty (thesis.txt)"],
])("%s is something", async (name, message) => {
  await writeFile(join(folder, name), "");
  await writeFile(join(folder, ".DS_Store"), "");
  await expect(refuseUsedFolder(folder)).rejects.toThrow(message);
});

it("takes the files of a run that never began for nothing, and other files of their names for something", async () => {
  const image = { part: "train", path: "a.png", label: 0, pixels: "0", file: "0", bytes: 1, group: 0 } as const;
  await writeRunImages(folder, ["a"], [image]);
  await writeLocalPaths(folder, { data: "/data" });
  await refuseUsedFolder(folder);
  await writeFile(join(folder, "images.csv"), "path,part\na.png,train\n");
  await expect(refuseUsedFolder(folder)).rejects.toThrow("the folder is not empty (images.csv)");
});

it("is marked in the data folder, and nowhere else", async () => {
  await makeRunFolder(join(folder, "run"), folder);
  await makeRunFolder(join(folder, "other"), join(folder, "data"));
  expect(await readdir(join(folder, "run"))).toEqual([".naevus-output"]);
  expect(await readdir(join(folder, "other"))).toEqual([]);
});

it("without a name is marked as a whole, or alone where there are older runs without a mark", async () => {
  const runs = join(folder, "runs");
  const run = await makeDefaultRunFolder(runs, "notebook", folder);
  expect([await readdir(runs), await readdir(run)]).toEqual([[".naevus-output", "notebook"], []]);
  const older = join(folder, "older");
  await mkdir(join(older, "notebook"), { recursive: true });
  const second = await makeDefaultRunFolder(older, "notebook", folder);
  expect(second).toBe(join(older, "notebook-2"));
  expect(await readdir(second)).toEqual([".naevus-output"]);
});

it("gets no line of metrics that would not be read", async () => {
  const file = join(folder, "metrics.jsonl");
  const any = fc.oneof(fc.double(), fc.double({ min: 0, max: 1, noNaN: true }));
  const counts = fc.integer({ min: -1, max: 9 });
  const epochs = fc.record(
    {
      epoch: counts,
      loss: any,
      accuracy: any,
      learningRate: any,
      images: counts,
      seconds: any,
      imagesPerSecond: any,
      validationLoss: any,
      validationAccuracy: any,
    },
    { requiredKeys: ["epoch", "loss", "accuracy", "learningRate", "images", "seconds", "imagesPerSecond"] },
  );
  const written: string[] = [];
  await fc.assert(
    fc.asyncProperty(epochs, async (metrics) => {
      await appendMetrics(folder, metrics).then(
        () => written.push(JSON.stringify(metrics)),
        () => undefined,
      );
    }),
    { numRuns: 500, seed: 1 },
  );
  const lines = (await readFile(file, "utf8")).split("\n").slice(0, -1);
  expect(lines.map((line) => JSON.stringify(epochOfLine(line, { olderRun: false })))).toEqual(written);
  expect(written.length).toBeGreaterThan(5);
});
