/** How images of any shape fill the square: where each part goes, and that the decoded pixels are those. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { decodeBytes } from "./decoding/decode.ts";
import { type Geometry, geometryNames, placeImage } from "./geometry.ts";
import { readDataset } from "./read-dataset.ts";
import { resamplingFilters } from "./resampling.ts";
import type { Rectangle } from "./rgb-image.ts";
import { packImages } from "./store/packed-store.ts";

const side = fc.integer({ min: 1, max: 400 });

test("source and target lie inside image and square, centred to the pixel", () => {
  fc.assert(
    fc.property(side, side, side, fc.constantFrom(...geometryNames), (width, height, size, geometry) => {
      const { source, target } = placeImage(width, height, size, geometry);
      const inside = (part: Rectangle, [w, h]: readonly [number, number]): void => {
        expect(Math.min(part.width, part.height)).toBeGreaterThanOrEqual(1);
        for (const [start, length, whole] of [
          [part.left, part.width, w],
          [part.top, part.height, h],
        ] as const) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect([0, 1]).toContain(whole - (start + length) - start);
        }
      };
      inside(source, [width, height]);
      inside(target, [size, size]);
    }),
  );
});

test("fit and fill keep the aspect to the pixel, crop keeps the scale, a square image fills with each but crop", () => {
  fc.assert(
    fc.property(side, side, side, (width, height, size) => {
      const fit = placeImage(width, height, size, "fit");
      expect(fit.source).toMatchObject({ width, height });
      expect(Math.max(fit.target.width, fit.target.height)).toBe(size);
      expect(Math.abs((fit.target.width * height) / width - fit.target.height)).toBeLessThanOrEqual(
        Math.max(1, height / width),
      );
      const fill = placeImage(width, height, size, "fill");
      expect(fill.source.width).toBe(Math.min(width, height));
      expect(fill.source.height).toBe(fill.source.width);
      expect(fill.target).toEqual({ left: 0, top: 0, width: size, height: size });
      const crop = placeImage(width, height, size, "crop");
      expect([crop.source.width, crop.source.height]).toEqual([crop.target.width, crop.target.height]);
      const squash = placeImage(width, width, size, "squash");
      expect(placeImage(width, width, size, "fit")).toEqual(squash);
      expect(placeImage(width, width, size, "fill")).toEqual(squash);
    }),
  );
});

/** 8 x 4 pixels: column x and row y are red 20 x and green 40 y. */
const wide = Uint8Array.from({ length: 96 }, (_, i) => {
  const [pixel, channel] = [Math.floor(i / 3), i % 3];
  return [20 * (pixel % 8), 40 * Math.floor(pixel / 8), 200][channel]!;
});
const encoded = (orientation = 1): Promise<Buffer> =>
  sharp(wide, { raw: { width: 8, height: 4, channels: 3 } })
    .withMetadata({ orientation })
    .png()
    .toBuffer();

const columns = (pixels: Uint8Array, size: number): number[] =>
  Array.from({ length: size }, (_, x) => pixels[(Math.floor(size / 2) * size + x) * 3]!);

const decoded = async (geometry: Geometry, size = 4): Promise<Uint8Array> =>
  decodeBytes(await encoded(), size, "image", geometry);

test("the decoded pixels are those of the placement", async () => {
  expect(columns(await decoded("fill"), 4)).toEqual([40, 60, 80, 100]);
  expect(columns(await decoded("crop"), 4)).toEqual([40, 60, 80, 100]);
  expect(columns(await decoded("crop", 2), 2)).toEqual([60, 80]);
  expect(columns(await decoded("crop", 10), 10)).toEqual([0, 0, 20, 40, 60, 80, 100, 120, 140, 0]);
  expect(columns(await decoded("squash"), 4)[0]).toBeLessThan(20);
  const fit = await decoded("fit", 8);
  expect([...fit.subarray(0, 8 * 2 * 3), ...fit.subarray(8 * 6 * 3)]).toEqual(Array(8 * 4 * 3).fill(0));
  expect([...fit.subarray(8 * 2 * 3, 8 * 6 * 3)]).toEqual([...wide]);
});

test("orientation is applied first, transparency becomes white and bars stay black", async () => {
  // Orientation 6 stands upright as 4 x 8, so that its first stored row is the right-hand column.
  const upright = await decodeBytes(await encoded(6), 4, "image", "fill");
  expect(Array.from({ length: 4 }, (_, y) => upright[y * 12]!)).toEqual([40, 60, 80, 100]);
  const clear = await sharp({ create: { width: 4, height: 2, channels: 4, background: "#00000004" } })
    .png()
    .toBuffer();
  const rows = await decodeBytes(clear, 4, "image", "fit");
  expect(Array.from({ length: 4 }, (_, y) => rows[y * 12]!)).toEqual([0, 251, 251, 0]);
});

test("each geometry and each resampling has its own pack", async () => {
  const folder = temporaryFolder();
  for (const name of ["a", "b"]) {
    await mkdir(join(folder, "data", name), { recursive: true });
    await writeFile(join(folder, "data", name, "1.png"), await encoded());
  }
  const dataset = await readDataset(join(folder, "data"));
  const forms = geometryNames.flatMap((geometry) => resamplingFilters.map((filter) => [geometry, filter] as const));
  for (const [geometry, resampling] of [...forms, ...forms]) {
    const packed = await packImages(dataset, { size: 4, geometry, resampling, cacheFolder: join(folder, "cache") });
    const out = new Uint8Array(48);
    packed.read([0], out);
    packed.close();
    const wanted = await decodeBytes(await encoded(), 4, "image", geometry, resampling);
    expect(out, `${geometry}, ${resampling}`).toEqual(Uint8Array.from(wanted));
  }
});
