/** Reading folders: layouts, order, and what is left out. */
import { copyFile, mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { drawSplit, listDataset, listLabelledImages } from "./list-images.ts";
import { makeFiles, refusalOf } from "./testing/class-folders.ts";

let root: string;
beforeEach(() => {
  root = temporaryFolder();
});

const make = (...paths: string[]) => makeFiles(root, ...paths);
const refusal = (folder = root) => refusalOf(readDataset(folder));

describe("layouts", () => {
  test("Train and Test in any case, classes and files by code point, nothing hidden", async () => {
    await make(
      "TRAIN/b/2.jpg",
      "TRAIN/b/10.JPEG",
      "TRAIN/B2/a.png",
      "test/b/x.tiff",
      "test/B2/y.bmp",
      "TRAIN/b/3.webp",
    );
    await make(
      "TRAIN/.DS_Store",
      "TRAIN/b/.hidden.jpg",
      "TRAIN/b/Thumbs.db",
      ".git/config",
      "readme.md",
      "TRAIN/licence.txt",
    );
    const dataset = await readDataset(root);
    expect(dataset.classes).toEqual(["B2", "b"]);
    expect(dataset.images).toEqual([
      { path: "TRAIN/B2/a.png", label: 0, split: "train", bytes: 5 },
      { path: "TRAIN/b/10.JPEG", label: 1, split: "train", bytes: 5 },
      { path: "TRAIN/b/2.jpg", label: 1, split: "train", bytes: 5 },
      { path: "TRAIN/b/3.webp", label: 1, split: "train", bytes: 5 },
      { path: "test/B2/y.bmp", label: 0, split: "test", bytes: 5 },
      { path: "test/b/x.tiff", label: 1, split: "test", bytes: 5 },
    ]);
    expect(dataset.problems).toEqual([{ path: "TRAIN/B2", message: "only one training image in this class" }]);
    expect(dataset.origin).toBe("folder");
  });

  test("a validation folder serves as test where there is none, and is passed over where there is one", async () => {
    await make(
      "training/a/1.jpg",
      "training/a/2.jpg",
      "training/b/1.jpg",
      "training/b/2.jpg",
      "val/a/3.jpg",
      "val/b/3.jpg",
    );
    expect(
      (await readDataset(root)).images.filter((image) => image.split === "test").map((image) => image.path),
    ).toEqual(["val/a/3.jpg", "val/b/3.jpg"]);
    await make("Testing/a/4.jpg", "Testing/b/4.jpg");
    const dataset = await readDataset(root);
    expect(dataset.images.filter((image) => image.split === "test").map((image) => image.path)).toEqual([
      "Testing/a/4.jpg",
      "Testing/b/4.jpg",
    ]);
    expect(dataset.problems).toEqual([
      { path: "val", message: "not read, because the data is in training and Testing" },
    ]);
  });

  test("one folder of classes is split by seed and contents, and by nothing else", async () => {
    const files = ["cat", "dog"].flatMap((name) => Array.from({ length: 10 }, (_, i) => `${name}/${i}.jpg`));
    await make(...files);
    const dataset = await readDataset(root, { seed: 3 });
    const test = dataset.images.filter((image) => image.split === "test");
    expect(test.filter((image) => image.label === 0)).toHaveLength(2);
    expect(test.filter((image) => image.label === 1)).toHaveLength(2);
    expect(dataset.images.slice(-4)).toEqual(test);
    expect(dataset.problems).toEqual([]);
    expect(dataset.protocol).toEqual({ name: "drawn split", seed: 3, groupedBy: ["content"] });
    expect(await readDataset(root, { seed: 3 })).toEqual(dataset);
    expect((await readDataset(root, { seed: 4 })).images).not.toEqual(dataset.images);
    expect((await readDataset(root, { testFraction: 0 })).images.every((image) => image.split === "train")).toBe(true);

    const moved = join(root, "moved");
    await mkdir(moved);
    await symlink(join(root, "cat"), join(moved, "cat"));
    await symlink(join(root, "dog"), join(moved, "dog"));
    expect((await readDataset(moved, { seed: 3 })).images).toEqual(dataset.images);
    await rm(moved, { recursive: true });

    const splits = async () =>
      new Map((await readDataset(root, { seed: 3 })).images.map(({ path, split }) => [path, split]));
    const before = await splits();
    await rename(join(root, "cat/0.jpg"), join(root, "cat/zz.jpg"));
    const renamed = await splits();
    expect(renamed.get("cat/zz.jpg")).toBe(before.get("cat/0.jpg"));
    for (const [path, split] of before) if (path !== "cat/0.jpg") expect(renamed.get(path)).toBe(split);
  });

  test("equal files stand on one side of a drawn split", async () => {
    await make(...Array.from({ length: 6 }, (_, i) => `a/${i}.jpg`), "b/1.jpg", "b/2.jpg");
    for (let i = 0; i < 6; i++) await copyFile(join(root, `a/${i}.jpg`), join(root, `a/copy of ${i}.jpg`));
    for (const seed of [0, 1, 2, 3]) {
      const { images } = await readDataset(root, { seed, testFraction: 0.4 });
      const splitOf = (path: string) => images.find((image) => image.path === path)!.split;
      for (let i = 0; i < 6; i++) expect(splitOf(`a/copy of ${i}.jpg`)).toBe(splitOf(`a/${i}.jpg`));
    }
  });

  test("a drawn test that is far larger than was asked for is said", async () => {
    await make(
      ...Array.from({ length: 12 }, (_, i) => `a/${i}.jpg`),
      ...Array.from({ length: 10 }, (_, i) => `b/${i}.jpg`),
    );
    const listed = await listDataset(root);
    const contents = listed.images.map(({ path }) => path);
    // Seven images of class a are one lesion.
    const groupOf = listed.images.map(({ label }, i) => (label === 0 && i < 7 ? 0 : i + 1));
    const drawn = Array.from({ length: 8 }, (_, seed) => drawSplit(listed, { contents, groupOf, seed }));
    for (const { images, problems } of drawn) {
      const tested = images.filter(({ label, split }) => label === 0 && split === "test").length;
      const said = `${tested} of 12 images are tested, where 2 were asked for, since a large group of images stays whole`;
      expect(problems).toEqual(tested > 3 ? [{ path: "a", message: said }] : []);
    }
    expect(drawn.some(({ problems }) => problems.length > 0)).toBe(true);
  });

  test("images that are only judged may lie in any layout, with any number of classes", async () => {
    await make("only/1.jpg", "only/2.jpg");
    const listed = async () => {
      const { classes, images } = await listLabelledImages(root);
      return images.map(({ path, label, split }) => `${split} ${classes[label]} ${path}`);
    };
    expect(await listed()).toEqual(["test only only/1.jpg", "test only only/2.jpg"]);
    await make("Test/b/1.jpg", "Test/a/1.jpg");
    expect(await listed()).toEqual(["test a Test/a/1.jpg", "test b Test/b/1.jpg"]);
    await make("Train/b/2.jpg", "Train/c/3.jpg");
    expect(await listed()).toEqual([
      "test a Test/a/1.jpg",
      "test b Test/b/1.jpg",
      "test b Train/b/2.jpg",
      "test c Train/c/3.jpg",
    ]);
    await rm(join(root, "Test"), { recursive: true });
    await rm(join(root, "Train"), { recursive: true });
    await rm(join(root, "only"), { recursive: true });
    await expect(listLabelledImages(root)).rejects.toThrow(/no image \(JPEG, .*\) in any class folder; put the images/);
  });

  test("a Train without a Test is split too", async () => {
    await make("Train/a/1.jpg", "Train/a/2.jpg", "Train/b/1.jpg", "Train/b/2.jpg");
    expect((await readDataset(root)).images.filter((image) => image.split === "test")).toHaveLength(2);
  });

  test("the marker of a phantom set is found", async () => {
    await make("Train/a/1.jpg", "Train/b/1.jpg", "Test/a/1.jpg", "Test/b/1.jpg", ".naevus-phantom.json");
    expect((await readDataset(root)).origin).toBe("phantom");
  });
});

describe("classes with the name of a split", () => {
  test.each(["train", "test", "val", "Validation"])(
    "%s is one where it holds images as the others do",
    async (name) => {
      await make(`${name}/1.jpg`, `${name}/2.jpg`, "bus/1.jpg", "bus/2.jpg", "car/1.jpg", "car/2.jpg");
      const { classes, problems } = await readDataset(root, { testFraction: 0 });
      expect(classes).toEqual(["bus", "car", name].sort());
      expect((await listLabelledImages(root)).classes).toEqual(classes);
      expect(problems).toEqual([
        { path: name, message: "read as a class, because it holds images as the folders beside it do" },
      ]);
    },
  );

  test.each([
    [["train/1.jpg", "test/1.jpg"], "train"],
    [["train/1.jpg", "test/1.jpg", "bus/1.jpg"], "train"],
    [["Train/1.jpg", "Test/a/1.jpg", "Test/b/1.jpg"], "Train"],
    [["Train/a/1.jpg", "Train/b/1.jpg", "Test/1.jpg"], "Test"],
    [["train/1.jpg", "train/thumbnails/1.jpg", "bus/1.jpg"], "train"],
  ])("is an error where the layout does not say what it is: %j", async (paths, named) => {
    await make(...paths);
    expect(await refusal()).toContain(`${join(root, named)}: holds images themselves, not a folder for each class`);
  });

  test("is a split where it holds class folders, whatever stands beside", async () => {
    await make("train/a/1.jpg", "train/b/1.jpg", "train/stray.jpg", "test/a/1.jpg", "test/b/1.jpg", "more/1.jpg");
    const { classes, images } = await readDataset(root);
    expect([classes, images.length]).toEqual([["a", "b"], 4]);
  });
});

describe("problems, with the rest going on", () => {
  beforeEach(() => make("a/1.jpg", "a/2.jpg", "a/3.jpg", "b/1.jpg", "b/2.jpg", "b/3.jpg"));
  const problems = async () => (await readDataset(root)).problems.map(({ path, message }) => `${path}: ${message}`);

  test("files that are no images by their suffix, folders within classes, and broken links", async () => {
    await make("a/notes.txt", "a/nested/1.jpg", "a/noSuffix");
    await symlink(join(root, "gone.jpg"), join(root, "b", "link.jpg"));
    await symlink("loop.jpg", join(root, "b", "loop.jpg"));
    await symlink("gone.png", join(root, "c.png"));
    expect(await problems()).toEqual([
      "a/nested: a folder inside a class folder, left out",
      "a/noSuffix: not JPEG, PNG, WebP, BMP or TIFF by its suffix, left out",
      "a/notes.txt: not JPEG, PNG, WebP, BMP or TIFF by its suffix, left out",
      "b: 2 files of this class cannot be read, see below",
      "b/link.jpg: a broken link or unreadable, left out",
      "b/loop.jpg: a broken link or unreadable, left out",
      "c.png: a broken link or unreadable, left out",
    ]);
  });

  test("images beside the class folders", async () => {
    await make("1.jpg", "a.tiff", "licence.txt");
    expect(await problems()).toEqual([
      "1.jpg: an image outside the class folders, left out",
      "a.tiff: an image outside the class folders, left out",
    ]);
  });

  test("links to files are followed", async () => {
    await symlink(join(root, "a", "1.jpg"), join(root, "b", "4.jpg"));
    expect((await readDataset(root)).images.some((image) => image.path === "b/4.jpg")).toBe(true);
  });

  test("a class with one image works; a class with none is left out", async () => {
    await make("lone/1.jpg", "none/", "texts/1.txt");
    const dataset = await readDataset(root);
    expect(dataset.classes).toEqual(["a", "b", "lone"]);
    expect(dataset.images.filter((image) => image.label === 2)).toMatchObject([{ split: "train" }]);
    expect(await problems()).toEqual(
      expect.arrayContaining([
        "lone: only one training image in this class",
        "lone: no test image for this class, so nothing can be said about it",
        "none: no image in this class folder, class left out",
        "texts: no image in this class folder, class left out",
      ]),
    );
  });
});

const real = process.env.NAEVUS_DATA;
test.skipIf(real === undefined)("the 9-class ISIC set, with NAEVUS_DATA", async () => {
  const dataset = await readDataset(real!);
  const count = (split: string) =>
    dataset.classes.map((_, label) => dataset.images.filter((i) => i.label === label && i.split === split).length);
  expect(dataset.classes).toHaveLength(9);
  expect(count("train")).toEqual([114, 378, 95, 438, 357, 462, 77, 181, 139]);
  expect(count("test")).toEqual([16, 16, 16, 16, 16, 16, 3, 16, 3]);
  expect(dataset.images).toHaveLength(2359);
  expect(dataset.problems).toEqual([]);
});
