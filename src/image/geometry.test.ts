/** How images of any shape fill a frame of any shape: where each part goes, that the decoded pixels are those, and that Pillow agrees. */
import { readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { decodeBytes } from "./decoding/decode.ts";
import { fillFrame, type Geometry, geometryNames, placeImage } from "./geometry.ts";
import { readDataset } from "./read-dataset.ts";
import { resamplingFilters } from "./resampling.ts";
import type { Rectangle } from "./rgb-image.ts";
import { packImages } from "./store/packed-store.ts";

const side = fc.integer({ min: 1, max: 400 });

test("source and target lie inside image and frame, centred to the pixel", () => {
  fc.assert(
    fc.property(side, side, side, side, fc.constantFrom(...geometryNames), (width, height, high, wide, geometry) => {
      const { source, target } = placeImage(width, height, [high, wide], geometry);
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
      inside(target, [wide, high]);
    }),
  );
});

test("fit and fill keep the aspect to the pixel, crop keeps the scale, an image of the frame's aspect fills it with each but crop", () => {
  fc.assert(
    fc.property(side, side, side, side, (width, height, high, wide) => {
      const size = [high, wide] as const;
      const all = { left: 0, top: 0, width: wide, height: high };
      const fit = placeImage(width, height, size, "fit");
      expect(fit.source).toMatchObject({ width, height });
      expect(fit.target.width === wide || fit.target.height === high).toBe(true);
      const scale = Math.min(wide / width, high / height);
      expect(Math.abs(fit.target.width - Math.max(1, width * scale))).toBeLessThanOrEqual(0.5);
      expect(Math.abs(fit.target.height - Math.max(1, height * scale))).toBeLessThanOrEqual(0.5);
      const fill = placeImage(width, height, size, "fill");
      expect(fill.source.width === width || fill.source.height === height).toBe(true);
      expect(Math.abs(fill.source.width - Math.max(1, Math.min(width, (height * wide) / high)))).toBeLessThanOrEqual(
        0.5,
      );
      expect(Math.abs(fill.source.height - Math.max(1, Math.min(height, (width * high) / wide)))).toBeLessThanOrEqual(
        0.5,
      );
      expect(fill.target).toEqual(all);
      const crop = placeImage(width, height, size, "crop");
      expect([crop.source.width, crop.source.height]).toEqual([crop.target.width, crop.target.height]);
      const squash = placeImage(3 * wide, 3 * high, size, "squash");
      expect(squash.target).toEqual(all);
      expect(placeImage(3 * wide, 3 * high, size, "fit")).toEqual(squash);
      expect(placeImage(3 * wide, 3 * high, size, "fill")).toEqual(squash);
      // One number is a square, in which images lie as they always did.
      for (const geometry of geometryNames)
        expect(placeImage(width, height, high, geometry)).toEqual(placeImage(width, height, [high, high], geometry));
      expect(placeImage(width, height, high, "fill").source).toMatchObject({
        width: Math.min(width, height),
        height: Math.min(width, height),
      });
    }),
  );
});

interface Recorded {
  readonly records: readonly {
    readonly geometry: Geometry;
    readonly from: readonly [width: number, height: number];
    readonly to: readonly [width: number, height: number];
    readonly image: readonly number[];
    readonly placed: readonly number[];
  }[];
}

const { records } = JSON.parse(
  readFileSync(new URL("./reference-numbers/geometry.json", import.meta.url), "utf8"),
) as Recorded;

test.each(records)("$geometry from $from to $to is Pillow's", ({ geometry, from, to, image, placed }) => {
  const [width, height] = from;
  const got = fillFrame({ width, height, data: Uint8Array.from(image) }, [to[1], to[0]], geometry, "cubic");
  expect(got).toHaveLength(placed.length);
  const level = (value: number): number => Math.min(255, Math.max(0, value));
  expect(Math.max(...placed.map((value, i) => Math.abs(got[i]! - level(value))))).toBeLessThanOrEqual(0.502);
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

test("a frame that is no square takes the pixels of its placement", async () => {
  const at = async (geometry: Geometry, size: readonly [number, number]) => {
    const pixels = await decodeBytes(await encoded(), size, "image", geometry);
    return { red: pixels.filter((_, i) => i % 3 === 0), green: pixels.filter((_, i) => i % 3 === 1) };
  };
  expect([...(await at("fill", [4, 2])).red]).toEqual([60, 80, 60, 80, 60, 80, 60, 80]);
  expect([...(await at("fill", [2, 8])).green.filter((_, i) => i % 8 === 0)]).toEqual([40, 80]);
  expect([...(await at("crop", [6, 3])).red.subarray(0, 9)]).toEqual([0, 0, 0, 40, 60, 80, 40, 60, 80]);
  expect([...(await at("fit", [4, 10])).red.subarray(0, 10)]).toEqual([0, 0, 20, 40, 60, 80, 100, 120, 140, 0]);
});

test("each size, each geometry and each resampling has its own pack", async () => {
  const folder = temporaryFolder();
  for (const name of ["a", "b"]) {
    await mkdir(join(folder, "data", name), { recursive: true });
    await writeFile(join(folder, "data", name, "1.png"), await encoded());
  }
  const dataset = await readDataset(join(folder, "data"));
  const sizes = [4, [2, 8], [8, 2]] as const;
  const forms = geometryNames.flatMap((geometry) =>
    resamplingFilters.flatMap((filter) => sizes.map((size) => [size, geometry, filter] as const)),
  );
  const cacheFolder = join(folder, "cache");
  for (const [size, geometry, resampling] of [...forms, ...forms]) {
    const packed = await packImages(dataset, { size, geometry, resampling, cacheFolder });
    expect([packed.height, packed.width]).toEqual(size === 4 ? [4, 4] : size);
    const out = new Uint8Array(48);
    packed.read([0], out);
    packed.close();
    const wanted = await decodeBytes(await encoded(), size, "image", geometry, resampling);
    expect(out, `${size}, ${geometry}, ${resampling}`).toEqual(Uint8Array.from(wanted));
  }
  const names = new Set((await readdir(cacheFolder)).map((name) => /^images-([^-]+)-/.exec(name)?.[1]));
  expect([...names].sort()).toEqual(["2x8", "4", "8x2"]);
});
