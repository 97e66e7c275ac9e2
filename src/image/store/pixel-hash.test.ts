/** One picture has one hash, whatever lossless file holds it; another picture has another. */
import { createHash } from "node:crypto";
import sharp from "sharp";
import { expect, test } from "vitest";
import { decodeFull } from "../decoding/decode.ts";
import { bitmapFile } from "../testing/bitmap-file.ts";
import { pixelHash } from "./pixel-hash.ts";

const [width, height] = [7, 5];
const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 256);
const picture = (data = pixels) => sharp(data, { raw: { width, height, channels: 3 } });
const hashOf = async (bytes: Uint8Array | Promise<Uint8Array>): Promise<string> =>
  pixelHash(await decodeFull(await bytes, "picture"));

test("the hash is that of width, height and pixels", () => {
  const bytes = Uint8Array.of(7, 0, 0, 0, 5, 0, 0, 0, ...pixels);
  expect(pixelHash({ width, height, data: pixels })).toBe(createHash("sha256").update(bytes).digest("hex"));
});

test("PNG, BMP, TIFF and lossless WebP of one picture agree, with any metadata and any orientation that is set upright", async () => {
  const hash = pixelHash({ width, height, data: pixels });
  const bgr = Array.from(pixels, (_, i) => pixels[i + 2 - 2 * (i % 3)]!);
  const rows = Array.from({ length: height }, (_, y) => bgr.slice(y * width * 3, (y + 1) * width * 3));
  const turned = await picture().rotate(90).png().toBuffer();
  for (const [what, file] of Object.entries({
    png: picture().png().toBuffer(),
    "png with another compression": picture().png({ compressionLevel: 0, progressive: true }).toBuffer(),
    "png with metadata": picture()
      .withExif({ IFD0: { Copyright: "somebody" } })
      .png()
      .toBuffer(),
    "png lying on its side": sharp(turned).withMetadata({ orientation: 8 }).png().toBuffer(),
    bmp: bitmapFile({ width, height: -height, bits: 24, rows }),
    tiff: picture().tiff({ compression: "none" }).toBuffer(),
    "tiff with lzw": picture().tiff({ compression: "lzw", predictor: "horizontal" }).toBuffer(),
    webp: picture().webp({ lossless: true }).toBuffer(),
  })) {
    expect(await hashOf(file), what).toBe(hash);
  }
});

test("one changed level, or the same bytes in another shape, is another picture", async () => {
  const hash = pixelHash({ width, height, data: pixels });
  const changed = pixels.slice();
  changed[17]! ^= 1;
  expect(await hashOf(picture(changed).png().toBuffer())).not.toBe(hash);
  expect(pixelHash({ width: height, height: width, data: pixels })).not.toBe(hash);
});
