/** The packed store: pixels, reuse and renewal, survival of kills and rivals, and what happens to bad images. */

import { spawnSync } from "node:child_process";
import { copyFile, cp, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test, vi } from "vitest";
import { identityTag, ownIdentity, type ProcessIdentity } from "../../disk/process-identity.ts";
import { DatasetError, FileError, ImageError } from "../../errors.ts";
import * as decode from "../decoding/decode.ts";
import { readDataset } from "../read-dataset.ts";
import { type PackedImages, packImages } from "./packed-store.ts";
import {
  cacheFolder,
  counted,
  folder,
  imageBytes,
  imageOf,
  opened,
  pack,
  pixels,
  png,
  put,
  root,
  size,
} from "./testing/small-store.ts";

vi.mock("../decoding/decode.ts", async (original) => {
  const actual = await original<typeof decode>();
  return { ...actual, withDecoded: vi.fn(actual.withDecoded), readImage: vi.fn(actual.readImage) };
});

describe("reading", () => {
  test("every image has its pixels, in any order and number", async () => {
    const packed = await pack();
    expect(packed).toMatchObject({ width: size, height: size, problems: [] });
    expect(packed.images).toEqual((await readDataset(root)).images);
    fc.assert(
      fc.property(fc.array(fc.nat(11), { maxLength: 30 }), (indices) => {
        const out = new Uint8Array(indices.length * imageBytes);
        packed.read(indices, out);
        expect(out).toEqual(Uint8Array.from(indices.flatMap((i) => [...pixels(i)])));
      }),
    );
  });

  test("wrong indices, a buffer of the wrong size, and reading after close are refused", async () => {
    const packed = await pack();
    const out = new Uint8Array(imageBytes);
    expect(() => packed.read([12], out)).toThrow("no image 12 among 12");
    expect(() => packed.read([0, 1], out)).toThrow("2 images need 96 bytes, got 48");
    packed.close();
    expect(() => packed.read([0], out)).toThrow("read after close");
    packed.close();
  });

  test("equal contents are stored once", async () => {
    await copyFile(join(root, "Train/a/0.png"), join(root, "Train/b/copy.png"));
    const packed = await pack();
    expect(imageOf(packed, "Train/b/copy.png")).toEqual(pixels(0));
    const [file] = (await readdir(cacheFolder)).filter((name) => name.endsWith(".rgb"));
    expect((await stat(join(cacheFolder, file!))).size).toBe(12 * imageBytes);
  });
});

describe("reuse and renewal", () => {
  test("nothing changed: no file is opened", async () => {
    expect(await counted()).toMatchObject({ read: 12, decoded: 12 });
    const before = await readdir(cacheFolder);
    expect(await counted()).toMatchObject({ read: 0, decoded: 0 });
    expect(await readdir(cacheFolder)).toEqual(before);
  });

  test("a new content of the same size is noticed by its time, even by a restored one", async () => {
    await pack();
    const file = join(root, "Train/a/1.png");
    const { atime, mtime, size: bytes } = await stat(file);
    await writeFile(file, await png(77));
    await utimes(file, atime, mtime);
    expect((await stat(file)).size).toBe(bytes);
    const { packed, read, decoded } = await counted();
    expect([read, decoded]).toEqual([1, 1]);
    expect(imageOf(packed, "Train/a/1.png")).toEqual(pixels(77));
    for (const [i, image] of packed.images.entries())
      if (i !== 1) expect(imageOf(packed, image.path)).toEqual(pixels(i));
  });

  test("a touched, renamed or copied file is read but not decoded again", async () => {
    await pack();
    await utimes(join(root, "Train/a/0.png"), 1, 1);
    await rename(join(root, "Train/a/1.png"), join(root, "Train/a/9.png"));
    await copyFile(join(root, "Train/a/2.png"), join(root, "Train/a/3.png"));
    const { packed, read, decoded } = await counted();
    expect(decoded).toBe(0);
    expect(read).toBe(3);
    expect(imageOf(packed, "Train/a/9.png")).toEqual(pixels(1));
    expect(imageOf(packed, "Train/a/3.png")).toEqual(pixels(2));
    expect(await counted()).toMatchObject({ read: 0, decoded: 0 });
  });

  test("an added image alone is decoded, and the old pixel file goes", async () => {
    await pack();
    await put("Train/a/new.png", await png(50));
    const { packed, decoded } = await counted();
    expect(decoded).toBe(1);
    expect(imageOf(packed, "Train/a/new.png")).toEqual(pixels(50));
    expect(imageOf(packed, "Test/b/2.png")).toEqual(pixels(11));
    expect(await readdir(cacheFolder)).toHaveLength(2);
  });

  test("a part of the images needs nothing new, and spoils nothing for the whole", async () => {
    const dataset = await readDataset(root);
    await pack();
    vi.clearAllMocks();
    const part = await packImages(
      { ...dataset, images: dataset.images.filter((_, i) => i % 3 === 1) },
      { size, cacheFolder },
    );
    opened.push(part);
    expect(part.images).toHaveLength(4);
    expect(imageOf(part, "Test/b/1.png")).toEqual(pixels(10));
    expect(decode.withDecoded).not.toHaveBeenCalled();
    expect(await counted()).toMatchObject({ read: 0, decoded: 0 });
  });

  test("another size is another pack beside it", async () => {
    await pack();
    const packed = await pack({ size: 2 });
    expect(packed.width).toBe(2);
    expect(await counted()).toMatchObject({ decoded: 0 });
  });
});

describe("kills, rivals and aborts", () => {
  test("what a killed process left behind is removed, what a live one writes is not", async () => {
    await pack();
    const name = (await readdir(cacheFolder)).find((file) => file.endsWith(".rgb"))!;
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    const tag = identityTag(ownIdentity);
    expect(name).toContain(tag);
    const of = (identity: Partial<ProcessIdentity>, suffix: string): string =>
      name
        .replace(tag, identityTag({ ...ownIdentity, ...identity }))
        .replace(/-[0-9a-f]{8}\.rgb$/, `-0123abcd${suffix}`);
    const prefix = name.slice(0, name.indexOf(tag));
    const stay = [
      name,
      of({}, ".tmp"),
      of({}, ".rgb"),
      of({ space: "fedcba987654" }, ".tmp"),
      "thesis.rgb",
      `${prefix}old.rgb`,
    ];
    const go = [
      of({ pid: dead }, ".tmp"),
      of({ pid: dead }, ".rgb"),
      // Of an earlier process of this one's id, as in a container that was started again.
      ...(process.platform === "linux" ? [of({ start: ownIdentity.start - 1 }, ".tmp")] : []),
      // Of an earlier version.
      `${prefix}0a1b2c-${process.ppid}-0123abcd.rgb`,
    ];
    for (const file of [...stay.slice(1), ...go]) await writeFile(join(cacheFolder, file), "half");
    expect(await counted()).toMatchObject({ decoded: 0 });
    const names = await readdir(cacheFolder);
    expect(names.filter((file) => !file.endsWith(".json")).sort()).toEqual([...stay].sort());
  });

  test("several at once all read the right pixels, and leave a whole pack", async () => {
    const packs = await Promise.all([pack(), pack(), pack()]);
    for (const packed of packs) {
      for (const [i, image] of packed.images.entries()) expect(imageOf(packed, image.path)).toEqual(pixels(i));
    }
    expect(await counted()).toMatchObject({ read: 0, decoded: 0 });
  });

  test("an abort throws its reason and leaves nothing half done", async () => {
    const stop = new AbortController();
    const run = pack({ signal: stop.signal, onProgress: (done) => done === 5 && stop.abort(new Error("enough")) });
    await expect(run).rejects.toThrow("enough");
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  test("progress counts every image once", async () => {
    const seen: [number, number][] = [];
    await pack({ onProgress: (done, total) => void seen.push([done, total]) });
    expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => [i + 1, 12]));
  });

  test("a cache that cannot be a folder", async () => {
    await writeFile(cacheFolder, "a file");
    await expect(pack()).rejects.toThrow(FileError);
    await expect(pack()).rejects.toThrow(`${cacheFolder}: could not be written`);
  });
});

describe("bad images", () => {
  test("each is left out and reported, the rest is packed; and stays so when reused", async () => {
    const jpeg = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#b98" } })
      .jpeg()
      .toBuffer();
    await put("Train/a/ISIC_0024310.jpg", jpeg.subarray(0, jpeg.length / 2));
    await put("Train/a/empty.jpg", "");
    await put("Train/b/text.jpg", "hello");
    const huge = await png(1);
    huge.writeUInt32BE(20000, 16);
    huge.writeUInt32BE(20000, 20);
    await put("Train/b/huge.png", huge);
    await put("Train/b/fine.jpg", await png(20));
    const lines = (packed: PackedImages): string[] =>
      packed.problems.map(({ path, message }) => `${basename(path)}: ${message}`);
    const first = await pack();
    expect(first.images).toHaveLength(13);
    expect(imageOf(first, "Train/b/fine.jpg")).toEqual(pixels(20));
    expect(lines(first).slice(0, 2)).toEqual([
      "ISIC_0024310.jpg: truncated JPEG, left out",
      "empty.jpg: empty file (0 bytes), left out",
    ]);
    expect(lines(first)[2]).toMatch(/^huge\.png: .*, left out$/);
    expect(lines(first)[3]).toBe("text.jpg: not an image, left out");
    const { packed, read } = await counted();
    expect(read).toBe(0);
    expect(lines(packed)).toEqual(lines(first));
  });

  test("files gone since the listing are left out", async () => {
    const dataset = await readDataset(root);
    await rm(join(root, "Train/a/0.png"));
    const packed = await packImages(dataset, { size, cacheFolder });
    opened.push(packed);
    expect(packed.images).toHaveLength(11);
    expect(packed.problems).toEqual([{ path: "Train/a/0.png", message: "no such file, left out" }]);
  });

  test("a file that may not be read is left out, and is tried again the next time", async () => {
    const error = new ImageError("x", "may not be read", "change its permissions");
    vi.mocked(decode.readImage).mockRejectedValueOnce(error);
    const first = await pack();
    expect(first.images).toHaveLength(11);
    expect(first.problems).toMatchObject([{ message: "may not be read, left out" }]);
    const second = await counted();
    expect(second).toMatchObject({ read: 1, decoded: 1 });
    expect(second.packed.images).toHaveLength(12);
  });

  test("a class that loses all training images is reported; fewer than two left is an end", async () => {
    for (let i = 0; i < 3; i++) await put(`Train/c/${i}.png`, "no");
    await put("Test/c/0.png", await png(30));
    const packed = await pack();
    expect(packed.problems).toContainEqual({
      path: "c",
      message: "none of this class's training images could be decoded",
    });
    for (let i = 0; i < 3; i++) await put(`Train/b/${i}.png`, "no");
    await expect(pack()).rejects.toThrow(DatasetError);
    await expect(pack()).rejects.toThrow(
      "training images of fewer than two classes could be decoded (Train/b/0.png: not an image, left out);",
    );
  });

  test("no image at all that can be decoded", async () => {
    for (const image of (await readDataset(root)).images) await put(image.path, "no");
    await expect(pack()).rejects.toThrow(
      `${root}: no image could be decoded (Train/a/0.png: not an image, left out); give whole images of at least two classes`,
    );
  });
});

describe("fingerprint", () => {
  const fingerprint = async (from = root): Promise<string> => (await pack({}, from)).fingerprint;

  test("is the same wherever the folder lies, whenever it was written and whatever the files are called", async () => {
    const original = await fingerprint();
    expect(original).toMatch(/^[0-9a-f]{64}$/);
    const copy = join(folder, "elsewhere");
    await cp(root, copy, { recursive: true });
    await rename(join(copy, "Train/a/0.png"), join(copy, "Train/a/zero.jpg"));
    await utimes(join(copy, "Train/a/1.png"), 1, 1);
    expect(await fingerprint(copy)).toBe(original);
  });

  test.each([
    ["a content", async () => put("Train/a/0.png", await png(99))],
    ["a label", () => rename(join(root, "Train/a/0.png"), join(root, "Train/b/9.png"))],
    ["a split", () => rename(join(root, "Train/a/0.png"), join(root, "Test/a/9.png"))],
    ["the number of images", () => rm(join(root, "Train/a/0.png"))],
    [
      "a class name",
      async () => {
        for (const part of ["Train", "Test"]) await rename(join(root, part, "b"), join(root, part, "bb"));
      },
    ],
  ])("changes with %s", async (_, change) => {
    const original = await fingerprint();
    await change();
    expect(await fingerprint()).not.toBe(original);
  });
});
