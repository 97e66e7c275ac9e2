/** Content hashes: right, from the cache only where nothing changed, and no failure where a file is gone. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { seal, unseal } from "../disk/sealed-text.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { dataFingerprint, hashContents } from "./content-hashes.ts";

const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

let folder: string;
let root: string;
let cacheFolder: string;
beforeEach(async () => {
  folder = temporaryFolder();
  root = join(folder, "data");
  cacheFolder = join(folder, "cache");
  await mkdir(root);
});

const images = (...paths: string[]) => ({ root, images: paths.map((path) => ({ path })) });

describe("hashContents", () => {
  it("hashes files of any size, in their order", async () => {
    const large = Buffer.alloc(700_001, "naevus");
    await writeFile(join(root, "large"), large);
    await writeFile(join(root, "empty"), "");
    await writeFile(join(root, "a"), "a");
    const seen: number[] = [];
    const { sha256: hashes, problems } = await hashContents(images("large", "a", "empty", "a"), {
      onProgress: (done) => seen.push(done),
    });
    expect(hashes).toEqual([sha256(large), sha256("a"), sha256(""), sha256("a")]);
    expect(problems).toEqual([]);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it("does not read again what did not change, and reads what did", async () => {
    await writeFile(join(root, "a"), "a");
    await writeFile(join(root, "b"), "b");
    await hashContents(images("a", "b"), { cacheFolder });
    const [name] = await readdir(cacheFolder);
    const file = join(cacheFolder, name!);
    // Only a hash taken from the cache can be this one.
    const text = unseal(await readFile(file, "utf8"))!;
    await writeFile(file, seal(text.replace(sha256("a"), "f".repeat(64))));
    expect((await hashContents(images("a", "b"), { cacheFolder })).sha256).toEqual(["f".repeat(64), sha256("b")]);
    await writeFile(join(root, "a"), "c");
    await utimes(join(root, "a"), 0, 0);
    expect((await hashContents(images("a"), { cacheFolder })).sha256).toEqual([sha256("c")]);
    // What was not asked for this time is still known.
    expect(await readFile(file, "utf8")).toContain(sha256("b"));
  });

  it("starts anew where the cache is damaged", async () => {
    await writeFile(join(root, "a"), "a");
    await hashContents(images("a"), { cacheFolder });
    const file = join(cacheFolder, (await readdir(cacheFolder))[0]!);
    const text = await readFile(file, "utf8");
    for (const damaged of [text.slice(0, -9), text.replace(sha256("a"), sha256("b"))]) {
      await writeFile(file, damaged);
      expect((await hashContents(images("a"), { cacheFolder })).sha256).toEqual([sha256("a")]);
    }
  });

  it("names files that are gone or cannot be read", async () => {
    await writeFile(join(root, "a"), "a");
    await symlink("nowhere", join(root, "link"));
    const { sha256: hashes, problems } = await hashContents(images("gone", "a", "link"));
    expect(hashes).toEqual([undefined, sha256("a"), undefined]);
    expect(problems.map(({ path }) => path)).toEqual(["gone", "link"]);
  });

  it("stops where it is told to", async () => {
    const reason = new Error("enough");
    await expect(hashContents(images("a"), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

it("a fingerprint tells classes, splits, labels and contents, not order", () => {
  const image = { split: "train", label: 0, sha256: "a" } as const;
  const other = { split: "test", label: 1, sha256: "b" } as const;
  const print = dataFingerprint(["x", "y"], [image, other]);
  expect(print).toMatch(/^[0-9a-f]{64}$/);
  expect(dataFingerprint(["x", "y"], [other, image])).toBe(print);
  for (const changed of [
    { ...image, split: "test" as const },
    { ...image, label: 1 },
    { ...image, sha256: "b" },
  ]) {
    expect(dataFingerprint(["x", "y"], [changed, other])).not.toBe(print);
  }
  expect(dataFingerprint(["x", "z"], [image, other])).not.toBe(print);
});
