/** Received bytes are proved: every cut is noticed, and another image by its pixels or its ISIC id. */
import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { ImageError } from "../../errors.ts";
import { receivedImage, reducedImage } from "./received-image.ts";

const [width, height] = [60, 40];
const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i) % 241);
const drawn = () => sharp(pixels, { raw: { width, height, channels: 3 } });
const expected = { id: "ISIC_0000001", width, height };

/** XMP as the archive writes it, in short. */
const xmp = (id: string): string =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
   rdf:about="" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" plus:ImageSupplierImageID="${id}"/></rdf:RDF></x:xmpmeta>`;

test.each([
  ["baseline", { progressive: false }],
  ["progressive", { progressive: true }],
])("a %s JPEG cut anywhere is refused", async (_, options) => {
  const bytes = await drawn().jpeg(options).toBuffer();
  expect(await receivedImage(bytes, expected)).toEqual({ width, height, suffix: ".jpg" });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (length) => {
      await expect(receivedImage(bytes.subarray(0, length), expected)).rejects.toThrow(ImageError);
    }),
  );
});

test("a PNG is taken as such, cut it is refused", async () => {
  const bytes = await drawn().png().toBuffer();
  expect(await receivedImage(bytes, expected)).toMatchObject({ suffix: ".png" });
  await expect(receivedImage(bytes.subarray(0, -30), expected)).rejects.toThrow("truncated PNG");
});

test("another size in pixels is another image; where the archive says none, any will do", async () => {
  const bytes = await drawn().jpeg().toBuffer();
  const wrong = receivedImage(bytes, { ...expected, width: 40, height: 60 });
  await expect(wrong).rejects.toThrow("ISIC_0000001: another image: 60 x 40 pixels instead of 40 x 60");
  await receivedImage(bytes, { ...expected, width: undefined, height: undefined });
});

test("another ISIC id in the file is another image", async () => {
  const own = await drawn().jpeg().withXmp(xmp("ISIC_0000001")).toBuffer();
  await receivedImage(own, expected);
  const other = await drawn().jpeg().withXmp(xmp("ISIC_0000002")).toBuffer();
  await expect(receivedImage(other, expected)).rejects.toThrow("another image: ISIC_0000002");
});

test("formats that the archive does not have are refused", async () => {
  const bytes = await drawn().webp().toBuffer();
  await expect(receivedImage(bytes, expected)).rejects.toThrow("a WebP image, which the archive has none of");
});

test("reduced images keep aspect, orientation and colours, and are of high quality", async () => {
  const plain = await sharp({ create: { width: 300, height: 200, channels: 3, background: "#b07a60" } })
    .jpeg({ quality: 100 })
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const { data, info } = await sharp(await reducedImage(plain, 90))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 60, height: 90, channels: 3 });
  for (const [i, value] of [0xb0, 0x7a, 0x60].entries()) expect(Math.abs(data[i]! - value)).toBeLessThanOrEqual(2);
  const small = await sharp(await reducedImage(await drawn().png().toBuffer(), 90)).metadata();
  expect(small).toMatchObject({ width, height, format: "jpeg" });
});
