/** Folders that naevus writes into a data folder: never read as a class, never among somebody else's files. */
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { listDataset } from "../dataset/list-images.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { makeOutputFolder } from "./output-folder.ts";

let parent: string;
let data: string;
const make = async (...paths: string[]): Promise<void> => {
  for (const path of paths) {
    await mkdir(dirname(join(data, path)), { recursive: true });
    await writeFile(join(data, path), "12345");
  }
};
beforeEach(async () => {
  parent = temporaryFolder();
  data = join(parent, "data");
  await make("a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg");
});

describe("a folder in the data", () => {
  it.each(["pictures", "train", "runs/first", "deep/er/still"])("%s is never a class", async (name) => {
    const before = await listDataset(data);
    await makeOutputFolder(join(data, name), data);
    await make(`${name}/gallery.png`, `${name}/more.jpg`);
    expect(await listDataset(data)).toEqual(before);
  });

  it("is found through links, from inside and from outside", async () => {
    const before = await listDataset(data);
    await symlink(data, join(parent, "link"));
    await makeOutputFolder(join(parent, "link", "pictures"), data);
    await makeOutputFolder(join(data, "others"), join(parent, "link"));
    await make("pictures/1.png", "others/1.png");
    expect(await listDataset(data)).toEqual(before);
  });

  it("is written to again, and below", async () => {
    for (const name of ["runs", "runs", "runs/first"]) await makeOutputFolder(join(data, name), data);
    expect(await readdir(join(data, "runs", "first"))).toEqual([]);
  });

  it("may be there already where it is empty but for what systems leave behind", async () => {
    await make("pictures/.DS_Store");
    await makeOutputFolder(join(data, "pictures"), data);
    await make("pictures/1.png");
    expect((await listDataset(data)).classes).toEqual(["a", "b"]);
  });

  it.each([".", "a"])("is refused where it holds something else: %s", async (name) => {
    await expect(makeOutputFolder(join(data, name), data)).rejects.toThrow(
      "lies in the data folder and holds other files",
    );
    expect((await listDataset(data)).classes).toEqual(["a", "b"]);
  });
});

it("needs no mark outside of the data", async () => {
  for (const name of ["out", "data-pictures", "..data"]) {
    await makeOutputFolder(join(parent, name, "new"), data);
    expect(await readdir(join(parent, name))).toEqual(["new"]);
    expect(await readdir(join(parent, name, "new"))).toEqual([]);
  }
});
