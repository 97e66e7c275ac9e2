/** Folders that are refused, and classes that cannot be read: with what, where and what to do. */
import { chmod, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { listLabelledImages } from "./list-images.ts";
import { makeFiles, refusalOf } from "./testing/class-folders.ts";

let root: string;
beforeEach(() => {
  root = temporaryFolder();
});
const make = (...paths: string[]) => makeFiles(root, ...paths);
const refusal = (folder = root) => refusalOf(readDataset(folder));

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
