/** Batches of packed images: every image once, its target beside it, and a last batch that is filled up without counting. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { Random } from "../../random.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { readDataset } from "../read-dataset.ts";
import { imageBatches } from "./image-batches.ts";
import { type PackedImages, packImages } from "./packed-store.ts";

const folder = temporaryFolder();
let packed: PackedImages;
beforeAll(async () => {
  await writePhantomDataset(folder, { images: 40, size: 8, seed: 1 });
  packed = await packImages(await readDataset(folder), { size: [4, 6], cacheFolder: join(folder, "cache") });
});
afterAll(() => packed.close());

const bytes = 4 * 6 * 3;

function rowsOf(split: "train" | "test", random?: Random) {
  const rows: (readonly [pixels: string, label: number])[] = [];
  const sizes: number[] = [];
  for (const { pixels, targets, labels } of imageBatches(packed, {
    split,
    batch: 5,
    classes: 9,
    ...(random && { random }),
  })) {
    expect([pixels.length, targets.length]).toEqual([5 * bytes, 5 * 9]);
    const expected = Array.from({ length: 5 * 9 }, (_, i) => (labels[Math.floor(i / 9)] === i % 9 ? 1 : 0));
    expect([...targets]).toEqual(expected);
    sizes.push(labels.length);
    for (const [row, label] of labels.entries())
      rows.push([pixels.subarray(row * bytes, (row + 1) * bytes).join(), label]);
  }
  return { rows, sizes };
}

function expectedOf(split: "train" | "test") {
  return packed.images.flatMap((image, index) => {
    if (image.split !== split) return [];
    const out = new Uint8Array(bytes);
    packed.read([index], out);
    return [[out.join(), image.label] as const];
  });
}

it.each(["train", "test"] as const)("goes once through the %s images in their order", (split) => {
  const { rows, sizes } = rowsOf(split);
  expect(rows).toEqual(expectedOf(split));
  expect(sizes).toEqual(Array.from(sizes, (_, i) => Math.min(5, rows.length - 5 * i)));
});

it("shuffles them by a random number generator", () => {
  const plain = expectedOf("train");
  const { rows } = rowsOf("train", Random.of(1));
  expect(rows).not.toEqual(plain);
  expect([...rows].sort()).toEqual([...plain].sort());
  expect(rowsOf("train", Random.of(1)).rows).toEqual(rows);
});
