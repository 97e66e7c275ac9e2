/** Where the pixels of an image come to lie in the square: the same place in every format, whatever the geometry and the size. */
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { decodeBytes, decodeFull } from "./decoding/decode.ts";
import { type Geometry, geometryNames } from "./geometry.ts";
import { resamplingFilters } from "./resampling.ts";
import { bitmapFile } from "./testing/bitmap-file.ts";

const [width, height] = [80, 40];
/** Levels a pixel: red rises to the right, green downwards. */
const slope = 3;
const start = 8;
const ramps = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
  const pixel = Math.floor(i / 3);
  return start + slope * [pixel % width, Math.floor(pixel / width), 0][i % 3]!;
});
const image = () => sharp(ramps, { raw: { width, height, channels: 3 } });
const bgrRows = Array.from({ length: height }, (_, y) =>
  Array.from({ length: width * 3 }, (_, i) => ramps[y * width * 3 + i + 2 - 2 * (i % 3)]!),
);

const files: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  PNG: () => image().png().toBuffer(),
  "PNG of 16 bits": () => image().toColourspace("rgb16").png().toBuffer(),
  "PNG on its side": async () =>
    sharp(await image().rotate(90).png().toBuffer())
      .withMetadata({ orientation: 8 })
      .png()
      .toBuffer(),
  JPEG: () => image().jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer(),
  "JPEG on its side": async () =>
    sharp(await image().rotate(90).png().toBuffer())
      .withMetadata({ orientation: 8 })
      .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
      .toBuffer(),
  WebP: () => image().webp({ lossless: true }).toBuffer(),
  TIFF: () => image().tiff({ compression: "lzw" }).toBuffer(),
  "TIFF in tiles": () => image().tiff({ compression: "deflate", tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
  BMP: async () => bitmapFile({ width, height: -height, bits: 24, rows: bgrRows }),
};

/** The place in the image, in pixels from its edge, of a place in a square; sizes are such that nothing has to be rounded. */
const sourceOf: { readonly [K in Geometry]: (x: number, y: number, size: number) => readonly [number, number] } = {
  squash: (x, y, size) => [(x * width) / size, (y * height) / size],
  fit: (x, y, size) => [(x * width) / size, height / 2 + ((y - size / 2) * width) / size],
  fill: (x, y, size) => [width / 2 + ((x - size / 2) * height) / size, (y * height) / size],
  crop: (x, y, size) => [width / 2 + x - size / 2, height / 2 + y - size / 2],
};

describe.each(Object.keys(files))("%s", (format) => {
  test.each(geometryNames)("%s", async (geometry) => {
    const file = await files[format]!();
    for (const filter of resamplingFilters) {
      for (const size of [20, 36, 64, 160]) {
        const square = await decodeBytes(file, size, format, geometry, filter);
        const [across, down] = { squash: [width, height], fit: [width, width], fill: [height, height], crop: [0, 0] }[
          geometry
        ].map((side) => Math.max(1, side / size)) as [number, number];
        let seen = 0;
        const sums = [0, 0, 0];
        for (let y = 0; y < size; y++) {
          for (let x = 0; x < size; x++) {
            const [atX, atY] = sourceOf[geometry](x + 0.5, y + 0.5, size);
            // Near an edge the kernel lacks a part.
            if (Math.min(atX, width - atX) < 2 * across || Math.min(atY, height - atY) < 2 * down) continue;
            if (geometry === "fill" && Math.abs(atX - width / 2) > height / 2 - 2 * across) continue;
            seen++;
            const at = (y * size + x) * 3;
            const wanted = [start + slope * (atX - 0.5), start + slope * (atY - 0.5), start];
            for (const [c, level] of wanted.entries()) {
              const off = square[at + c]! - level;
              sums[c]! += off;
              // A part of a pixel of the coarser image, and the rounding of bytes, of which JPEG has several.
              const allowed = 0.06 * slope * Math.max(across, down) + (format.startsWith("JPEG") ? 3 : 0.51);
              if (Math.abs(off) > allowed) {
                expect.fail(`${filter}, ${size}: (${x}, ${y}) channel ${c} is off by ${off} levels`);
              }
            }
          }
        }
        expect(seen).toBeGreaterThan(20);
        // A fifth of a pixel at most, and where all lie half between two levels all are rounded the same way.
        for (const sum of sums) expect(Math.abs(sum / seen), `${filter}, ${size}`).toBeLessThan(slope / 5);
      }
    }
  });
});

test("a single white pixel is enlarged around its own centre", async () => {
  for (const [x, y] of [
    [3, 4],
    [6, 2],
  ] as const) {
    const pixels = new Uint8Array(10 * 8 * 3);
    pixels.fill(255, (y * 10 + x) * 3, (y * 10 + x) * 3 + 3);
    const file = await sharp(pixels, { raw: { width: 10, height: 8, channels: 3 } })
      .png()
      .toBuffer();
    for (const size of [21, 40, 77]) {
      const square = await decodeBytes(file, size, "pixel", "squash", "linear");
      const sums = [0, 0, 0];
      for (let i = 0; i < size * size; i++) {
        const light = square[i * 3]!;
        sums[0]! += light;
        sums[1]! += light * ((i % size) + 0.5);
        sums[2]! += light * (Math.floor(i / size) + 0.5);
      }
      expect(sums[1]! / sums[0]!).toBeCloseTo(((x + 0.5) * size) / 10, 0.5);
      expect(sums[2]! / sums[0]!).toBeCloseTo(((y + 0.5) * size) / 8, 0.5);
    }
  }
});

test("a JPEG and the PNG of its pixels give the same bytes at every size", async () => {
  const noisy = Uint8Array.from({ length: 133 * 101 * 3 }, (_, i) => 128 + 90 * Math.sin(i / 97) + ((i * 7919) % 31));
  const jpeg = await sharp(noisy, { raw: { width: 133, height: 101, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
  const { data, width, height } = await decodeFull(jpeg, "jpeg");
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  for (let size = 1; size <= 150; size += size < 40 ? 1 : 7) {
    for (const geometry of geometryNames) {
      const [one, other] = [
        await decodeBytes(jpeg, size, "jpeg", geometry),
        await decodeBytes(png, size, "png", geometry),
      ];
      expect(Buffer.compare(one, other), `${geometry} ${size}`).toBe(0);
    }
  }
});
