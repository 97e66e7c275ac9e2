/** Decoding: formats and colour modes with known pixels, orientation, resampling, and everything that is refused. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { ImageError } from "../../errors.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { decodeBytes, decodeFull, decodeImage } from "./decode.ts";
import { refuseTooManyPixels, withPixelLimit } from "./pixel-limit.ts";
import { maxPixelsMost } from "./pixel-limit-range.ts";

/** 4 x 4 pixels, each another colour. */
const known = Uint8Array.from({ length: 48 }, (_, i) => (i * 37) % 256);
const raw = { raw: { width: 4, height: 4, channels: 3 } } as const;
const image = () => sharp(known, raw);
const decoded = async (bytes: Promise<Uint8Array>, size = 4): Promise<number[]> => [
  ...(await decodeBytes(await bytes, size, "image")),
];

const expectNear = (got: readonly number[], wanted: ArrayLike<number>, tolerance: number): void => {
  expect(got).toHaveLength(wanted.length);
  expect(Math.max(...got.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThanOrEqual(tolerance);
};

describe("formats and colour modes", () => {
  test("lossless formats keep every pixel where the size fits", async () => {
    expect(await decoded(image().png().toBuffer())).toEqual([...known]);
    expect(await decoded(image().webp({ lossless: true }).toBuffer())).toEqual([...known]);
    expect(await decoded(image().tiff({ compression: "lzw" }).toBuffer())).toEqual([...known]);
    expect(await decoded(image().png({ palette: true, colours: 256, dither: 0 }).toBuffer())).toEqual([...known]);
  });

  test("BMP", async () => {
    const header = Buffer.alloc(54);
    header.write("BM");
    for (const [at, value] of [
      [10, 54],
      [14, 40],
      [18, 4],
      [22, -4],
    ] as const)
      header.writeInt32LE(value, at);
    header.writeUInt16LE(24, 28);
    const bgr = Array.from(known, (_, i) => known[i + 2 - 2 * (i % 3)]!);
    expect(await decoded(Promise.resolve(Buffer.concat([header, Buffer.from(bgr)])))).toEqual([...known]);
  });

  test("JPEG, within its loss", async () => {
    const flat = { create: { width: 16, height: 16, channels: 3, background: { r: 180, g: 120, b: 100 } } } as const;
    expectNear(
      await decoded(sharp(flat).jpeg({ quality: 95 }).toBuffer(), 16),
      Array(256).fill([180, 120, 100]).flat(),
      2,
    );
  });

  test("16 bits come down to 8, grey becomes RGB", async () => {
    expect(await decoded(image().toColourspace("rgb16").png().toBuffer())).toEqual([...known]);
    const grey = image().greyscale();
    const values = await grey.clone().raw().toBuffer();
    const wanted = [...values].flatMap((value) => [value, value, value]);
    expect(await decoded(grey.clone().png().toBuffer())).toEqual(wanted);
    expect(await decoded(grey.clone().toColourspace("grey16").png().toBuffer())).toEqual(wanted);
  });

  test("TIFFs hold the same picture however they are packed, in 8 bits and as floating point", async () => {
    const wide = Uint8Array.from({ length: 40 * 33 * 3 }, (_, i) => (i * 37) % 256);
    const picture = () => sharp(wide, { raw: { width: 40, height: 33, channels: 3 } });
    const packed = [
      { compression: "lzw", predictor: "horizontal" },
      { compression: "lzw", predictor: "horizontal", bigtiff: true },
      { compression: "deflate", predictor: "horizontal", tile: true, tileWidth: 16, tileHeight: 16 },
    ] as const;
    const floating = { compression: "deflate", predictor: "float", tile: true, tileWidth: 16, tileHeight: 16 } as const;
    for (const options of packed) {
      expect((await decodeFull(await picture().tiff(options).toBuffer(), "tiff")).data).toEqual(Buffer.from(wide));
    }
    // Written as linear light, and read as the levels that stand there.
    const floats = () => picture().toColourspace("scrgb");
    const plain = await decodeFull(await floats().tiff({ compression: "none" }).toBuffer(), "tiff");
    expect(Math.max(...plain.data)).toBe(255);
    for (const options of [...packed, floating]) {
      expect(await decodeFull(await floats().tiff(options).toBuffer(), "tiff")).toEqual(plain);
    }
  });

  test("CMYK becomes sRGB: a mid colour comes back near itself", async () => {
    const flat = { create: { width: 8, height: 8, channels: 3, background: { r: 190, g: 140, b: 120 } } } as const;
    for (const bytes of [
      sharp(flat).toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer(),
      sharp(flat).toColourspace("cmyk").tiff({ compression: "none" }).toBuffer(),
    ]) {
      expectNear(await decoded(bytes, 8), Array(64).fill([190, 140, 120]).flat(), 6);
    }
  });

  test("an embedded profile is converted to sRGB", async () => {
    const flat = { create: { width: 8, height: 8, channels: 3, background: { r: 190, g: 120, b: 110 } } } as const;
    const bytes = await sharp(flat).withIccProfile("p3").png().toBuffer();
    const stored = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(Math.abs(stored[0]! - 190)).toBeGreaterThan(4);
    expectNear(await decoded(Promise.resolve(bytes), 8), Array(64).fill([190, 120, 110]).flat(), 2);
  });

  test("transparency is laid on white", async () => {
    const pixels = Uint8Array.of(10, 20, 30, 0, 10, 20, 30, 255, 10, 20, 30, 51, 0, 0, 0, 0);
    const bytes = sharp(pixels, { raw: { width: 2, height: 2, channels: 4 } })
      .png()
      .toBuffer();
    expectNear(await decoded(bytes, 2), [255, 255, 255, 10, 20, 30, 206, 208, 210, 255, 255, 255], 1);
  });

  test("of several pages and frames, the first", async () => {
    const frames = Buffer.concat([known, new Uint8Array(48)]);
    const strip = sharp(frames, { raw: { width: 4, height: 8, channels: 3, pageHeight: 4 } });
    expect(await decoded(strip.clone().webp({ lossless: true }).toBuffer())).toEqual([...known]);
    expect(await decoded(strip.clone().tiff({ compression: "lzw" }).toBuffer())).toEqual([...known]);
  });
});

test("every EXIF orientation is set upright", async () => {
  const at = (x: number, y: number): number[] => [...known.slice((y * 4 + x) * 3, (y * 4 + x) * 3 + 3)];
  /** Where the upright image's pixel (x, y) lies in the stored one (EXIF 2.3, tag 274). */
  const stored: Record<number, (x: number, y: number) => [number, number]> = {
    1: (x, y) => [x, y],
    2: (x, y) => [3 - x, y],
    3: (x, y) => [3 - x, 3 - y],
    4: (x, y) => [x, 3 - y],
    5: (x, y) => [y, x],
    6: (x, y) => [y, 3 - x],
    7: (x, y) => [3 - y, 3 - x],
    8: (x, y) => [3 - y, x],
  };
  for (const [orientation, from] of Object.entries(stored)) {
    const upright = Array.from({ length: 16 }, (_, i) => at(...from(i % 4, Math.floor(i / 4)))).flat();
    const bytes = image()
      .withMetadata({ orientation: Number(orientation) })
      .png()
      .toBuffer();
    expect(await decoded(bytes), `orientation ${orientation}`).toEqual(upright);
  }
});

describe("resampling", () => {
  test("a plain colour stays itself at any size and aspect", async () => {
    const side = fc.integer({ min: 1, max: 70 });
    const colour = fc.record({ r: fc.nat(255), g: fc.nat(255), b: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(side, side, side, colour, async (width, height, size, background) => {
        const bytes = sharp({ create: { width, height, channels: 3, background } })
          .png()
          .toBuffer();
        const wanted = Array(size * size)
          .fill([background.r, background.g, background.b])
          .flat();
        expectNear(await decoded(bytes, size), wanted, 0);
      }),
      { numRuns: 40 },
    );
  });

  test("width and height are scaled each on its own: nothing is cut off or padded", async () => {
    const wide = Uint8Array.from({ length: 80 * 20 * 3 }, (_, i) => (Math.floor(i / 3) % 80 < 40 ? 240 : 20));
    const got = await decoded(
      sharp(wide, { raw: { width: 80, height: 20, channels: 3 } })
        .png()
        .toBuffer(),
      10,
    );
    for (let y = 0; y < 10; y++) {
      for (let x = 0; x < 10; x++) if (x !== 4 && x !== 5) expectNear([got[(y * 10 + x) * 3]!], [x < 5 ? 240 : 20], 8);
    }
  });

  test("detail finer than a pixel averages out instead of aliasing", async () => {
    const stripes = Uint8Array.from({ length: 160 * 160 * 3 }, (_, i) => (Math.floor(i / 3) % 2 === 0 ? 0 : 255));
    const got = await decoded(
      sharp(stripes, { raw: { width: 160, height: 160, channels: 3 } })
        .png()
        .toBuffer(),
      20,
    );
    expectNear(got, Array(1200).fill(127.5), 12);
  });
});

describe("refused, with file, cause and cure", () => {
  const folder = temporaryFolder();

  const refusal = async (name: string, content?: string | Uint8Array): Promise<ImageError> => {
    const file = join(folder, name);
    if (content !== undefined) await writeFile(file, content);
    const error: unknown = await decodeImage(file, 8).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ImageError);
    const { message } = error as ImageError;
    expect(message.startsWith(`${file}: ${(error as ImageError).reason}; `)).toBe(true);
    expect(message).not.toContain("\n");
    return error as ImageError;
  };

  const noisy = () =>
    sharp(
      Uint8Array.from({ length: 60 * 60 * 3 }, (_, i) => (i * 7919) % 251),
      { raw: { width: 60, height: 60, channels: 3 } },
    );

  test.each([
    ["JPEG", () => noisy().jpeg().toBuffer()],
    ["PNG", () => noisy().png().toBuffer()],
    ["WebP", () => noisy().webp().toBuffer()],
  ])("a truncated %s, wherever it is cut", async (format, make) => {
    const whole = await make();
    for (const part of [0.03, 0.3, 0.6, 0.95]) {
      const { reason } = await refusal("cut.jpg", whole.subarray(0, Math.max(16, Math.floor(whole.length * part))));
      expect(reason).toBe(`truncated ${format}`);
    }
  });

  test("a truncated TIFF and BMP", async () => {
    const tiff = await noisy().tiff({ compression: "none" }).toBuffer();
    expect((await refusal("cut.tif", tiff.subarray(0, tiff.length / 2))).reason).toMatch(/^(truncated|damaged) TIFF/);
    const bmp = Buffer.alloc(54);
    bmp.write("BM");
    for (const [at, value] of [
      [10, 54],
      [14, 40],
      [18, 4],
      [22, 4],
    ] as const)
      bmp.writeInt32LE(value, at);
    bmp.writeUInt16LE(24, 28);
    expect((await refusal("cut.bmp", bmp)).reason).toBe("truncated BMP");
  });

  test("a damaged PNG", async () => {
    const bytes = await noisy().png().toBuffer();
    bytes.fill(0x55, bytes.length / 2, bytes.length / 2 + 40);
    expect((await refusal("damaged.png", bytes)).reason).toMatch(/^damaged PNG \(/);
  });

  test("a text named .jpg, an SVG named .png, an empty file", async () => {
    expect((await refusal("text.jpg", "hello")).message).toBe(
      `${join(folder, "text.jpg")}: not an image; give a JPEG, PNG, WebP, BMP or TIFF file`,
    );
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
    expect((await refusal("drawing.png", svg)).reason).toBe("not an image");
    expect((await refusal("empty.jpg", "")).reason).toBe("empty file (0 bytes)");
  });

  test("a file that is missing, or a folder", async () => {
    expect((await refusal("missing.jpg")).reason).toBe("no such file");
    await mkdir(join(folder, "folder.jpg"));
    expect((await refusal("folder.jpg")).reason).toBe("a folder, not a file");
  });

  test("20,000 x 20,000 pixels, or a million in a row, by the header alone", async () => {
    const message = "20000 x 20000 is 400 million pixels, above the limit of 100 million";
    const jpeg = await noisy().jpeg().toBuffer();
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    jpeg.writeUInt16BE(20000, frame + 5);
    jpeg.writeUInt16BE(20000, frame + 7);
    expect((await refusal("huge.jpg", jpeg)).message).toContain(
      `${message}; save it at a lower resolution, or raise --max-pixels`,
    );
    const bmp = Buffer.alloc(54);
    bmp.write("BM");
    for (const [at, value] of [
      [10, 54],
      [14, 40],
      [18, 20000],
      [22, 20000],
    ] as const)
      bmp.writeInt32LE(value, at);
    bmp.writeUInt16LE(24, 28);
    expect((await refusal("huge.bmp", bmp)).reason).toBe(message);
    bmp.writeInt32LE(2 ** 20 + 1, 18);
    bmp.writeInt32LE(1, 22);
    expect((await refusal("long.bmp", bmp)).reason).toBe("1048577 x 1 is above the limit of 1048576 pixels a side");
  });

  test("the limit of pixels is that of the work at hand", async () => {
    const small = await image().png().toBuffer();
    const { width, height } = await decodeFull(small, "picture");
    const millions = (width * height) / 1e6;
    const inside = () => decodeFull(small, "picture");
    expect(await withPixelLimit(millions, inside)).toMatchObject({ width, height });
    await expect(withPixelLimit(millions * 0.99, inside)).rejects.toThrow(/above the limit of [\d.]+ million/);
    // An own limit inside has the last word, and none leaves it as it is.
    expect(await withPixelLimit(1e-6, () => withPixelLimit(1, inside))).toMatchObject({ width });
    await expect(withPixelLimit(1e-6, () => withPixelLimit(undefined, inside))).rejects.toThrow("above the limit");
  });

  test("a limit may be any part of a million, and is told from what is just above it", async () => {
    const small = await image().png().toBuffer();
    const inside = () => decodeFull(small, "picture");
    for (const limit of [2.01, 1 / 3])
      expect(await withPixelLimit(limit, inside)).toMatchObject({ height: expect.any(Number) });
    for (const limit of [0, -1, Number.NaN, 270, Number.POSITIVE_INFINITY]) {
      expect(() => withPixelLimit(limit, inside)).toThrow(`maxPixels is ${limit};`);
    }
    const size = { width: 16384, height: 16384 };
    expect(() => withPixelLimit(268, () => refuseTooManyPixels(size))).toThrow(
      "16384 x 16384 is 268.435456 million pixels, above the limit of 268 million",
    );
    withPixelLimit(maxPixelsMost, () => refuseTooManyPixels(size));
    withPixelLimit(2.01, () => refuseTooManyPixels({ width: 2010, height: 1000 }));
  });

  test("the longest row that is read is resampled", async () => {
    const side = 2 ** 20;
    const tall = { create: { width: 1, height: side, channels: 3, background: "#406080" } } as const;
    for (const turned of [sharp(tall), sharp(tall).rotate(90)]) {
      expect(await decoded(turned.png({ compressionLevel: 1 }).toBuffer(), 3)).toEqual(
        Array(9).fill([64, 96, 128]).flat(),
      );
    }
  });

  test("the wrong suffix is no matter", async () => {
    const file = join(folder, "really-png.jpg");
    await writeFile(file, await image().png().toBuffer());
    expect([...(await decodeImage(file, 4))]).toEqual([...known]);
  });
});
