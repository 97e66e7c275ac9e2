/** Writing the phantom set: a data set that is read back, once, and never over anybody's files. */
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { DatasetError } from "../../errors.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { packImages } from "../../image/store/packed-store.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { writePhantomDataset } from "./phantom-files.ts";

let parent: string;
let folder: string;
beforeEach(() => {
  parent = temporaryFolder();
  folder = join(parent, "data", "phantom");
});

const settings = { images: 27, size: 20, seed: 1 };

test("is read as a phantom data set of nine classes and packs whole", async () => {
  const seen: number[] = [];
  await writePhantomDataset(folder, { ...settings, onProgress: (done, total) => seen.push(done, total) });
  expect(seen).toEqual(Array.from({ length: 27 }, (_, i) => [i + 1, 27]).flat());
  const dataset = await readDataset(folder);
  expect(dataset.origin).toBe("phantom");
  expect(dataset.classes).toHaveLength(9);
  expect(dataset.images).toHaveLength(27);
  const packed = await packImages(dataset, { size: 20, cacheFolder: join(parent, "cache") });
  packed.close();
  expect(packed.images).toHaveLength(27);
  expect(await readdir(join(parent, "data"))).toEqual(["phantom"]);
});

test("the same settings give the same files, another seed gives others", async () => {
  const other = join(parent, "other");
  const again = join(parent, "again");
  await writePhantomDataset(folder, settings);
  await writePhantomDataset(again, settings);
  await writePhantomDataset(other, { ...settings, seed: 2 });
  for (const { path } of (await readDataset(folder)).images) {
    const bytes = await readFile(join(folder, path));
    expect(await readFile(join(again, path))).toEqual(bytes);
    expect(await readFile(join(other, path))).not.toEqual(bytes);
  }
});

test("a set that is there is left as it is; one of other settings is refused", async () => {
  await writePhantomDataset(folder, settings);
  const [image] = (await readDataset(folder)).images;
  const { ino, mtimeMs } = await stat(join(folder, image!.path));
  await writePhantomDataset(folder, settings);
  expect(await stat(join(folder, image!.path))).toMatchObject({ ino, mtimeMs });
  await expect(writePhantomDataset(folder, { ...settings, seed: 2 })).rejects.toThrow(
    `${folder}: holds a phantom set of other settings; choose another folder, or delete this one`,
  );
});

test("an empty folder is filled, a folder with anything in it is refused and kept", async () => {
  await mkdir(folder, { recursive: true });
  await writePhantomDataset(folder, settings);
  const own = join(parent, "own");
  await mkdir(own);
  await writeFile(join(own, "thesis.txt"), "years");
  await expect(writePhantomDataset(own, settings)).rejects.toThrow(DatasetError);
  expect(await readdir(own)).toEqual(["thesis.txt"]);
});

test("two at once agree", async () => {
  await Promise.all([writePhantomDataset(folder, settings), writePhantomDataset(folder, settings)]);
  expect((await readDataset(folder)).images).toHaveLength(27);
  expect(await readdir(join(parent, "data"))).toEqual(["phantom"]);
});

test("an abort leaves nothing", async () => {
  const stop = new AbortController();
  const run = writePhantomDataset(folder, {
    ...settings,
    signal: stop.signal,
    onProgress: (done) => done === 5 && stop.abort(new Error("enough")),
  });
  await expect(run).rejects.toThrow("enough");
  expect(await readdir(join(parent, "data"))).toEqual([]);
});

test("a place that cannot be a folder is named", async () => {
  await writeFile(join(parent, "file"), "");
  const inside = join(parent, "file", "phantom");
  await expect(writePhantomDataset(inside, settings)).rejects.toThrow(`${inside}: could not be written`);
});
