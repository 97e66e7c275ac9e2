/** Damage to a store: what can be is decoded again and told, and nothing else is read or deleted. */
import { readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { seal, unseal } from "../../disk/sealed-text.ts";
import * as decode from "../decoding/decode.ts";
import { cacheFolder, counted, folder, imageBytes, imageOf, pack, pixels, png, put } from "./testing/small-store.ts";

vi.mock("../decoding/decode.ts", async (original) => {
  const actual = await original<typeof decode>();
  return { ...actual, withDecoded: vi.fn(actual.withDecoded), readImage: vi.fn(actual.readImage) };
});

test.each([
  ["a damaged index", (index: string) => writeFile(index, "{")],
  [
    "an index of another decoder",
    async (index: string) =>
      writeFile(index, seal(unseal(await readFile(index, "utf8"))!.replace(/"decoder":"[^"]*"/, '"decoder":"0"'))),
  ],
  ["an index of another form", (index: string) => writeFile(index, "[]")],
  [
    "a shortened pixel file",
    (index: string, pixelFile: string) => truncate(pixelFile, imageBytes).then(() => void index),
  ],
  ["a missing pixel file", (_: string, pixelFile: string) => rm(pixelFile)],
])("%s: all is decoded anew", async (_, damage) => {
  (await pack()).close();
  const names = await readdir(cacheFolder);
  const find = (suffix: string): string => join(cacheFolder, names.find((name) => name.endsWith(suffix))!);
  await damage(find(".json"), find(".rgb"));
  const { packed, decoded } = await counted();
  expect(decoded).toBe(12);
  expect(imageOf(packed, "Test/b/2.png")).toEqual(pixels(11));
  expect(await counted()).toMatchObject({ decoded: 0 });
});

describe("a damaged cache", () => {
  const find = async (suffix: string): Promise<string> =>
    join(cacheFolder, (await readdir(cacheFolder)).find((name) => name.endsWith(suffix))!);
  const told: string[] = [];
  beforeEach(() => void told.splice(0));
  const again = () => pack({ onWarning: (message) => told.push(message) });

  test("one changed byte: its image alone is decoded again, and it is said", async () => {
    const { fingerprint } = await pack();
    const file = await find(".rgb");
    const bytes = await readFile(file);
    bytes[5 * imageBytes + 7]! ^= 1;
    await writeFile(file, bytes);
    vi.clearAllMocks();
    const packed = await again();
    expect(told).toEqual([`${file}: 1 of 12 images in it was damaged; it is decoded again`]);
    expect(decode.withDecoded).toHaveBeenCalledTimes(1);
    expect(packed.fingerprint).toBe(fingerprint);
    for (const [i, image] of packed.images.entries()) expect(imageOf(packed, image.path)).toEqual(pixels(i));
    expect(await counted()).toMatchObject({ read: 0, decoded: 0 });
  });

  test("zeros of the right size: all images are decoded again", async () => {
    await pack();
    const file = await find(".rgb");
    await writeFile(file, new Uint8Array(12 * imageBytes));
    const packed = await again();
    expect(told).toEqual([`${file}: 12 of 12 images in it were damaged; they are decoded again`]);
    for (const [i, image] of packed.images.entries()) expect(imageOf(packed, image.path)).toEqual(pixels(i));
  });

  test("other times alone: nothing is decoded or said, and the next time nothing is compared", async () => {
    await pack();
    const file = await find(".rgb");
    await utimes(file, 1, 1);
    await again();
    expect(told).toEqual([]);
    expect(decode.withDecoded).toHaveBeenCalledTimes(12);
    const { mtimeMs } = await stat(await find(".json"));
    await again();
    expect((await stat(await find(".json"))).mtimeMs).toBe(mtimeMs);
  });

  test("what is damaged while it is open is noticed when it is first read, and has its cure", async () => {
    const packed = await pack();
    imageOf(packed, packed.images[0]!.path);
    const file = await find(".rgb");
    await writeFile(file, new Uint8Array(12 * imageBytes));
    expect(() => imageOf(packed, packed.images[3]!.path)).toThrow(
      /\.rgb: image \d+ in it is damaged; delete the file and start again$/,
    );
    await rm(file);
    expect(imageOf(await again(), "Train/b/0.png")).toEqual(pixels(3));
  });

  test("any letter of the index: all is decoded again, and it is said", async () => {
    await pack();
    const index = await find(".json");
    const text = await readFile(index, "utf8");
    for (const at of [0, 70, text.indexOf('"slot":') + 7, text.length - 3]) {
      await writeFile(index, `${text.slice(0, at)}${text[at] === "0" ? "1" : "0"}${text.slice(at + 1)}`);
      told.splice(0);
      vi.clearAllMocks();
      expect(imageOf(await again(), "Test/b/2.png")).toEqual(pixels(11));
      expect(told).toEqual([`${index}: damaged; all images are decoded again`]);
      expect(decode.withDecoded).toHaveBeenCalledTimes(12);
    }
  });

  test.each([
    ["a path out of the cache", (index: string) => index.replace(/"name":"[^"]*"/, '"name":"../victim.doc"')],
    ["a file of another pack", (index: string) => index.replace(/"name":"[^"]*"/, '"name":"victim.rgb"')],
    [
      "a name with a path in it",
      (index: string) => index.replace(/"name":"(images-[^"]*)"/, '"name":"$1/../victim.rgb"'),
    ],
    ["places beyond the end", (index: string) => index.replace(/"slot":11\b/, '"slot":12')],
    ["two images at one place", (index: string) => index.replace(/"slot":11\b/, '"slot":10')],
    ["images without a file", (index: string) => index.replace(/"pixelFile":\{[^}]*\}\}/, '"pixelFile":null')],
  ])("an index that names %s is not used, and nothing is deleted", async (_, change) => {
    await pack();
    const index = await find(".json");
    const text = unseal(await readFile(index, "utf8"))!;
    expect(change(text)).not.toBe(text);
    await writeFile(index, seal(change(text)));
    const victims = [join(folder, "victim.doc"), join(cacheFolder, "victim.rgb")];
    for (const victim of victims) await writeFile(victim, new Uint8Array(12 * imageBytes));
    await put("Train/a/new.png", await png(50));
    const packed = await again();
    expect(told).toEqual([`${index}: damaged; all images are decoded again`]);
    expect(imageOf(packed, "Test/b/2.png")).toEqual(pixels(11));
    for (const victim of victims) expect((await stat(victim)).size).toBe(12 * imageBytes);
  });

  test("a pack of an earlier version is made anew without a word", async () => {
    await pack();
    const index = await find(".json");
    const text = unseal(await readFile(index, "utf8"))!;
    await writeFile(index, text.replace("packed images 3", "packed images 2"));
    await again();
    expect(told).toEqual([]);
    expect(decode.withDecoded).toHaveBeenCalledTimes(24);
  });
});
