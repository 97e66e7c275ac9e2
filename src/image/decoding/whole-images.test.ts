/** TIFF and WebP files that libvips decodes as whole though they are damaged are refused, and harmless warnings are not. */
import { deflateSync } from "node:zlib";
import sharp, { type TiffOptions } from "sharp";
import { describe, expect, test } from "vitest";
import { phantomImages } from "../../acquire/phantom/phantom.ts";
import { ImageError } from "../../errors.ts";
import { decodeFull } from "./decode.ts";

const side = 160;
const pixels = Buffer.from(phantomImages({ images: 18, size: side, seed: 3 })[4]!.draw());
const picture = () => sharp(pixels, { raw: { width: side, height: side, channels: 3 } });
const reason = async (file: Uint8Array): Promise<string> => {
  const error: unknown = await decodeFull(file, "image").catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ImageError);
  return (error as ImageError).reason;
};

/** Where the entry of a tag stands in a little-endian TIFF. */
function entry(file: Buffer, tag: number): number {
  const directory = file.readUInt32LE(4);
  for (let i = 0; i < file.readUInt16LE(directory); i++) {
    if (file.readUInt16LE(directory + 2 + 12 * i) === tag) return directory + 2 + 12 * i;
  }
  throw new Error(`no tag ${tag}`);
}

/** With another first number in a tag of numbers of 16 or 32 bits. */
function withTag(file: Buffer, tag: number, value: number): Buffer {
  const [changed, at] = [Buffer.from(file), entry(file, tag)];
  if (file.readUInt16LE(at + 2) === 3) changed.writeUInt16LE(value, at + 8);
  else changed.writeUInt32LE(value, at + 8);
  return changed;
}

const tiff = (options: TiffOptions): Promise<Buffer> => picture().tiff(options).toBuffer();
const tiles = { tile: true, tileWidth: 64, tileHeight: 64 } as const;
const [width, height, offsets, rows, tileWidth, tileLength] = [256, 257, 273, 278, 322, 323];

describe.each(["none", "lzw", "deflate"] as const)("TIFF, %s", (compression) => {
  test.each([16, 48, 80, 128, 160, 61, 16_384, 65_520])("tiles that become %s pixels wide or high", async (size) => {
    const file = await tiff({ compression, ...tiles });
    for (const changed of [
      withTag(file, tileWidth, size),
      withTag(file, tileLength, size),
      withTag(withTag(file, tileWidth, size), tileLength, size),
    ]) {
      expect(await reason(changed)).toMatch(/^(damaged|truncated) TIFF/);
    }
  });

  test("a picture that becomes larger or smaller than its tiles or strips", async () => {
    const [tiled, strips] = [await tiff({ compression, ...tiles }), await tiff({ compression })];
    for (const size of [60, 300, 5000]) {
      for (const tag of [width, height]) expect(await reason(withTag(tiled, tag, size))).toMatch(/TIFF/);
      expect(await reason(withTag(strips, height, size))).toMatch(/TIFF/);
    }
    expect(await reason(withTag(strips, rows, 3))).toMatch(/^damaged TIFF \(\d+ strips instead of 54\)/);
  });
});

test("strips of floats that unpack to more than their picture are the file's fault, and no lack of memory", async () => {
  const options = { compression: "deflate", predictor: "none" } as const;
  const file = await picture().toColourspace("scrgb").tiff(options).toBuffer();
  expect(file.readUInt32LE(entry(file, offsets) + 4)).toBe(1);
  deflateSync(Buffer.alloc(1e6)).copy(file, file.readUInt32LE(entry(file, offsets) + 8));
  expect(await reason(file)).toMatch(/^damaged TIFF/);
});

test("of a deflated TIFF every changed byte of its pixels is noticed", async () => {
  for (const options of [
    { compression: "deflate", predictor: "none" },
    { compression: "deflate", ...tiles },
  ] as const) {
    const file = await tiff(options);
    for (let at = 200; at < file.length - 600; at += 501) {
      const changed = Buffer.from(file);
      changed[at]! ^= 4;
      expect(await reason(changed)).toMatch(/^(damaged|truncated) TIFF/);
    }
  }
});

describe("a TIFF's tags that libtiff warns of and nothing uses", () => {
  const changes: { readonly [name: string]: (file: Buffer) => Buffer } = {
    "an unknown tag, out of order": (file) => {
      const changed = Buffer.from(file);
      changed.writeUInt16LE(60_000, entry(file, 283));
      return changed;
    },
    "a number of another type": (file) => {
      const changed = Buffer.from(file);
      changed.writeUInt16LE(12, entry(file, 296) + 2);
      return changed;
    },
  };
  test.each(Object.entries(changes))("%s", async (_, change) => {
    const file = await tiff({ compression: "lzw" });
    await expect(sharp(change(file), { failOn: "warning" }).raw().toBuffer()).rejects.toThrow("Warning");
    expect(Buffer.from((await decodeFull(change(file), "image")).data).equals(pixels)).toBe(true);
  });
});

test("tiles that overlap each other are not read time and again", async () => {
  const file = await tiff({ compression: "lzw", ...tiles });
  const [offsets, counts] = [entry(file, 324), entry(file, 325)];
  const count = file.readUInt32LE(counts + 4);
  expect(count).toBeGreaterThan(1);
  const long = Buffer.concat([file, Buffer.alloc(2 ** 20)]);
  for (let i = 0; i < count; i++) {
    long.writeUInt32LE(8, long.readUInt32LE(offsets + 8) + 4 * i);
    long.writeUInt32LE(2 ** 20, long.readUInt32LE(counts + 8) + 4 * i);
  }
  expect(await reason(long)).toMatch(/^damaged TIFF \(a tile of 1048576 bytes for \d+\)/);
});

test("PackBits that give more than a strip are damaged", async () => {
  const file = await tiff({ compression: "packbits" });
  expect(await reason(Buffer.from(file).fill(0, 200, 900))).toMatch(/^damaged TIFF/);
});

describe("WebP", () => {
  const webps = () => ({
    lossy: picture().webp({ quality: 90 }).toBuffer(),
    lossless: picture().webp({ lossless: true }).toBuffer(),
    "with opacity": picture().ensureAlpha(0.7).webp({ quality: 90 }).toBuffer(),
  });

  test.each(["lossy", "lossless", "with opacity"] as const)("%s: a zeroed or foreign stretch", async (kind) => {
    const file = await webps()[kind];
    const [from, to] = [Math.round(file.length * 0.45), Math.round(file.length * 0.6)];
    expect(await reason(Buffer.from(file).fill(0, from, to))).toMatch(/^(damaged|truncated) WebP/);
    const foreign = Buffer.from(file);
    for (let i = from; i < to; i++) foreign[i] = (i * i * 31 + i * 7) % 251;
    expect(await reason(foreign)).toMatch(/^(damaged|truncated) WebP/);
  });

  test("sound pictures need their last bytes, whatever they show", async () => {
    const kinds: readonly ((i: number) => number)[] = [() => 255, () => 90, (i) => i % 256, (i) => (i * i) % 251];
    for (const kind of kinds) {
      for (const size of [1, 16, 200]) {
        const raw = Uint8Array.from({ length: size * size * 3 }, (_, i) => kind(i));
        for (const options of [{ quality: 1 }, { quality: 80 }, { quality: 80, effort: 0 }, { lossless: true }]) {
          const file = await sharp(raw, { raw: { width: size, height: size, channels: 3 } })
            .webp(options)
            .toBuffer();
          expect(await decodeFull(file, "image")).toMatchObject({ width: size, height: size });
        }
      }
    }
  });
});
