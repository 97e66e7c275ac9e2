/** Reading folders: layouts, order, what is left out, and what is refused with which words. */
import { createHash } from "node:crypto";
import { copyFile, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { DatasetError } from "../errors.ts";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { drawSplit, listDataset, listLabelledImages } from "./list-images.ts";

let root: string;
beforeEach(() => {
  root = temporaryFolder();
});

/** Makes files of five bytes, each with another content; the listing never decodes them. A path that ends in / is an empty folder. */
async function make(...paths: string[]): Promise<void> {
  for (const path of paths) {
    const file = join(root, path);
    await mkdir(path.endsWith("/") ? file : dirname(file), { recursive: true });
    if (!path.endsWith("/")) await writeFile(file, createHash("sha256").update(path).digest("hex").slice(0, 5));
  }
}

const refusal = async (folder = root): Promise<string> => {
  const error: unknown = await readDataset(folder).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(DatasetError);
  return (error as Error).message;
};

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

describe("a class that cannot be read is an error", () => {
  beforeEach(() =>
    make("Train/a/1.jpg", "Train/a/2.jpg", "Train/b/1.jpg", "Train/b/2.jpg", "Test/a/1.jpg", "Test/b/1.jpg"),
  );
  const linux = test.skipIf(process.platform !== "linux");
  /** As old archives store `é`: a byte that is no UTF-8. */
  const latin = (...parts: string[]): Buffer => Buffer.from(join(root, ...parts), "latin1");

  test.each(["Train", "Test"])("a broken link in %s", async (part) => {
    await symlink(join(root, "gone"), join(root, part, "c"));
    expect(await refusal()).toBe(
      `${join(root, part, "c")}: a broken link or unreadable; mend or remove it, as it may be a class`,
    );
  });

  test("a broken link in place of Test, which else would be drawn", async () => {
    await rm(join(root, "Test"), { recursive: true });
    await symlink(join(root, "gone"), join(root, "Test"));
    expect(await refusal()).toBe(`${join(root, "Test")}: a broken link or unreadable; mend or remove it`);
  });

  test("of data that are judged, too", async () => {
    await symlink(join(root, "gone"), join(root, "Test", "c"));
    await expect(listLabelledImages(root)).rejects.toThrow("mend or remove it, as it may be a class");
    await symlink(join(root, "gone"), join(root, "val"));
    await expect(listLabelledImages(root)).rejects.toThrow(`${join(root, "val")}: a broken link or unreadable`);
  });

  test("links alone, all of them broken", async () => {
    await make("Train/c/");
    for (const name of ["1.jpg", "2.jpg"]) await symlink(join(root, "gone"), join(root, "Train", "c", name));
    expect(await refusal()).toContain("none of the 2 images of this class can be read (Train/c/1.jpg: a broken link");
  });

  linux("a folder whose name is not UTF-8", async () => {
    await make("Train/m/1.jpg");
    await rename(join(root, "Train", "m"), latin("Train", "m\u00e9lanome"));
    expect(await refusal()).toBe(
      `${join(root, "Train")}/m\\xe9lanome: this class cannot be read, because its name is not UTF-8; ` +
        `rename it, for example with convmv -f latin1 -t utf8 -r --notest ${join(root, "Train")}`,
    );
  });

  linux("single files of such names are named and counted", async () => {
    for (const name of ["l\u00e9sion.jpg", "\u00fc.jpg", "\u00fc.txt"]) {
      await writeFile(latin("Train", "a", name), "12345");
    }
    const { images, problems } = await readDataset(root);
    expect(images).toHaveLength(6);
    const cure = "rename it, for example with convmv -f latin1 -t utf8 -r --notest Train/a, in the data folder";
    expect(problems).toEqual([
      { path: "Train/a", message: "2 files of this class cannot be read, see below" },
      { path: "Train/a/\\xfc.jpg", message: `its name is not UTF-8, left out; ${cure}` },
      { path: "Train/a/\\xfc.txt", message: "not JPEG, PNG, WebP, BMP or TIFF by its suffix, left out" },
      { path: "Train/a/l\\xe9sion.jpg", message: `its name is not UTF-8, left out; ${cure}` },
    ]);
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

describe("refused, with what, where and what to do", () => {
  test("a folder that is missing, or a file", async () => {
    const gone = join(root, "gone");
    expect(await refusal(gone)).toBe(
      `${gone}: no such folder; give the folder that holds Train and Test, or one folder per class`,
    );
    await make("file.jpg");
    expect(await refusal(join(root, "file.jpg"))).toContain("file.jpg: not a folder; give the folder that");
  });

  test("an empty folder, and images outside class folders", async () => {
    const message = `${root}: no class folders; put the images of each class into a folder named after it`;
    expect(await refusal()).toBe(message);
    await make("1.jpg", "2.jpg");
    expect(await refusal()).toBe(message);
  });

  test("an empty Train, with and without class folders in it", async () => {
    await make("Train/", "Test/a/1.jpg");
    expect(await refusal()).toContain(`${join(root, "Train")}: no class folders; put the images`);
    await make("Train/a/", "Train/b/");
    expect(await refusal()).toContain(
      `${join(root, "Train")}: no image (JPEG, PNG, WebP, BMP or TIFF) in any class folder`,
    );
  });

  test("a Test without a Train", async () => {
    await make("Test/a/1.jpg");
    expect(await refusal()).toContain(
      "there is a Test folder but no Train; put the training images into Train/<class>",
    );
  });

  test("two folders for one split", async () => {
    await make("Train/a/1.jpg", "Training/a/1.jpg");
    expect(await refusal()).toBe(`${root}: both Train and Training could hold the train images; keep only one of them`);
  });

  test("a single class", async () => {
    await make("Train/a/1.jpg", "Train/b/", "Test/a/1.jpg");
    expect(await refusal()).toContain('only one class with images, "a"; at least two are needed');
  });

  test("a folder around the data set: the inner one is named", async () => {
    await make("ISIC/Train/a/1.jpg", "ISIC/Train/b/1.jpg");
    expect(await refusal()).toContain(`or give ${join(root, "ISIC")} if the classes are in there`);
  });

  test("class names that differ only by case, within a split and across them", async () => {
    await make("Train/nevus/1.jpg", "Train/melanoma/1.jpg", "Test/Nevus/1.jpg");
    expect(await refusal()).toContain('the class folders "Train/nevus" and "Test/Nevus" differ only by case');
    await make("Train/Melanoma/1.jpg");
    expect(await refusal()).toContain('the class folders "Train/Melanoma" and "Train/melanoma" differ only by case');
  });

  test("class names that differ only by how an accent is stored; across splits they are the same class", async () => {
    await make("Train/n\u00e6vus \u00e9/1.jpg", "Train/b/1.jpg", "Test/n\u00e6vus e\u0301/1.jpg", "Test/b/1.jpg");
    expect((await readDataset(root)).images.filter((image) => image.label === 1)).toHaveLength(2);
    await make("Train/n\u00e6vus e\u0301/1.jpg");
    expect(await refusal()).toContain("or by how an accent is stored");
  });

  test("a Test class that Train does not know", async () => {
    await make("Train/a/1.jpg", "Train/b/1.jpg", "Test/c/1.jpg", "Test/d/");
    expect(await refusal()).toBe(
      `${join(root, "Test/c")}: the class "c" has test images but no training images; add some to ${join(root, "Train", "c")}, or remove the folder`,
    );
  });

  test("a class folder that may not be read", async (context) => {
    await make("a/1.jpg", "b/1.jpg");
    const { chmod } = await import("node:fs/promises");
    await chmod(join(root, "b"), 0o000);
    // The superuser may read all, so the test steps down for a moment.
    const superuser = process.geteuid?.() === 0;
    if (process.geteuid === undefined) context.skip("this system has no permissions of this kind");
    if (superuser) {
      await chmod(root, 0o755);
      process.seteuid!(65534);
    }
    try {
      expect(await refusal()).toBe(`${join(root, "b")}: may not be read; change its permissions`);
    } finally {
      if (superuser) process.seteuid!(0);
      await chmod(join(root, "b"), 0o755);
    }
  });

  test("a test fraction out of range", async () => {
    await make("a/1.jpg", "b/1.jpg");
    await expect(readDataset(root, { testFraction: 1 })).rejects.toThrow("testFraction is 1; give a fraction");
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
