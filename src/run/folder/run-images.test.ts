/** The images that a run kept: read as they were written, and none from outside of the data folder. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { RunError } from "../../errors.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { type RunImage, readRunImages, writeRunImages } from "./run-images.ts";

let run: string;
beforeEach(() => {
  run = temporaryFolder();
});

const classes = ["melanoma", "nevus"];
const image: RunImage = {
  part: "train",
  path: "Train/melanoma/ISIC_0024310.jpg",
  label: 0,
  pixels: "a".repeat(64),
  file: "b".repeat(64),
  bytes: 100,
  group: 3,
  lesion: "IL_1",
};

it("come back as they were", async () => {
  const images = [image, { ...image, part: "test", path: "Test/nevus/..a, b.jpg", label: 1 } as const];
  await writeRunImages(run, classes, images);
  expect(await readRunImages(run, { classes })).toEqual(images);
});

it.each(["../victim.jpg", "Train/../../victim.jpg", "/etc/passwd", ".."])("are refused at '%s'", async (path) => {
  await writeRunImages(run, classes, [image]);
  const file = join(run, "images.csv");
  await writeFile(file, (await readFile(file, "utf8")).replace(image.path, path));
  await expect(readRunImages(run, { classes })).rejects.toThrow(
    new RunError(`${file}: line 2: damaged; put the file back as it was, or train again`),
  );
});
