/** Damaged JPEGs that end properly are refused, sound ones of any kind are read, and so are those with harmless oddities. */
import sharp, { type JpegOptions } from "sharp";
import { describe, expect, test } from "vitest";
import { phantomImages } from "../../acquire/phantom/phantom.ts";
import { ImageError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { decodeFull } from "./decode.ts";
import { withoutOddities } from "./jpeg.ts";
import { jpegSegments, scanData } from "./jpeg-segments.ts";

const side = 128;
const phantoms = phantomImages({ images: 18, size: side, seed: 3 }).map(({ draw }) => draw());
const jpeg = (pixels: Uint8Array, options: JpegOptions = {}): Promise<Buffer> =>
  sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .jpeg({ quality: 92, ...options })
    .toBuffer();

const refusal = (file: Uint8Array): Promise<unknown> => decodeFull(file, "image").catch((error: unknown) => error);

/** Where the compressed pixels begin. */
const pixelsOf = (file: Uint8Array): number => [...jpegSegments(file)].find(({ marker }) => marker === 0xda)!.end;

/** Of the compressed pixels, a stretch in the middle. */
const middle = (file: Uint8Array, share: number): [number, number] => {
  const [from, length] = [pixelsOf(file), file.length - pixelsOf(file)];
  return [Math.round(from + (length * (1 - share)) / 2), Math.round(from + (length * (1 + share)) / 2)];
};

const damages: { readonly [name: string]: (file: Buffer, random: Random) => Buffer } = {
  "a stretch is missing": (file) => {
    const [from, to] = middle(file, 0.25);
    return Buffer.concat([file.subarray(0, from), file.subarray(to)]);
  },
  "a stretch is zeroed": (file) => Buffer.from(file).fill(0, ...middle(file, 0.25)),
  "the second half is zeroed": (file) => Buffer.from(file).fill(0, middle(file, 0)[0], file.length - 2),
  "cut and closed": (file) => Buffer.concat([file.subarray(0, middle(file, 0)[0]), Buffer.of(0xff, 0xd9)]),
  "foreign bytes": (file, random) => {
    const [from, to] = middle(file, 0.25);
    const damaged = Buffer.from(file);
    for (let i = from; i < to; i++) damaged[i] = random.integer(255);
    return damaged;
  },
};

const encodings: { readonly [name: string]: JpegOptions } = {
  baseline: { optimiseCoding: false },
  "with tables of its own": { chromaSubsampling: "4:4:4" },
  progressive: { progressive: true },
};

describe.each(Object.entries(encodings))("%s", (_, options) => {
  test.each(Object.entries(damages))("%s: refused", async (name, damage) => {
    for (const [i, pixels] of phantoms.entries()) {
      const error = await refusal(damage(await jpeg(pixels, options), Random.of(5, i)));
      expect(error, `phantom ${i}, ${name}`).toBeInstanceOf(ImageError);
      expect((error as ImageError).message).toMatch(
        /^image: (truncated|damaged) JPEG.*; give a whole copy of the image$/,
      );
    }
  });
});

test("pictures without any detail, and with nothing else, are sound at any quality", async () => {
  const random = Random.of(7);
  const kinds: readonly ((x: number, y: number) => number)[] = [
    () => 255,
    () => 0,
    () => 128,
    (x) => x * 2,
    (x, y) => ((x ^ y) & 1) * 255,
    (x, y) => (x % 8 === 0 && y % 8 === 0 ? 255 : 120),
    () => random.integer(256),
    () => random.integer(2) * 255,
    (x, y) => (x === 5 && y === 5 ? 255 : 0),
  ];
  for (const kind of kinds) {
    const pixels = Uint8Array.from({ length: side * side * 3 }, (_, i) =>
      kind(Math.floor(i / 3) % side, Math.floor(i / 3 / side)),
    );
    for (const options of [...Object.values(encodings), { mozjpeg: true, progressive: false }, { mozjpeg: true }]) {
      for (const quality of [1, 50, 100]) {
        expect(await decodeFull(await jpeg(pixels, { ...options, quality }), "image")).toMatchObject({ width: side });
      }
    }
  }
});

describe("restart markers", () => {
  /** 40 x 24 pixels in units of 16 x 16, each with a restart marker after it; by libjpeg-turbo's cjpeg. */
  const sound = Buffer.from(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/2wBD" +
      "ARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHz/wAARCAAYACgDASIAAhEBAxEB/8QAGAABAQEB" +
      "AQAAAAAAAAAAAAAAAAQDBQb/xAAgEAABBAMAAwEBAAAAAAAAAAABAAIDERMhQTFCsVHw/8QAGAEAAwEBAAAAAAAAAAAAAAAAAgQFAQP/xAAiEQACAQIGAwEA" +
      "AAAAAAAAAAAAAgEDERIhQYHR4TFRwfD/3QAEAAH/2gAMAwEAAhEDEQA/APPxtqNjR7FWRAZSTsMHFhHWS/Vg4qI2nELq3nf1E1AfebeNPnZ//9CKNtRAHZeeqyOs" +
      "l+rBxYxtGUXdMbv6t47x34c88XJqBrzb967P/9HeNpxC6t539RaxtuUA6DB1EnNGwtghpzP/0uLHeO/DnnisjbcoB0GDqIrLJA22m3J//9PGIHESdF54rI2gyNbq" +
      "mjaIqTJAD6bcn//Utjsxudu3mv3+0iIncMQTnjFOZ//Z",
    "base64",
  );
  const parts = (): Buffer[] => {
    const from = pixelsOf(sound);
    const ends = [...sound.keys()].filter((i) => i > from && sound[i] === 0xff && (sound[i + 1]! & 0xf8) === 0xd0);
    return [from, ...ends.map((end) => end + 2)].map((start, i) =>
      sound.subarray(start, (ends[i] ?? sound.length - 4) + 2),
    );
  };
  const joined = (pieces: readonly Buffer[]): Buffer =>
    Buffer.concat([sound.subarray(0, pixelsOf(sound)), ...pieces, Buffer.of(0xff, 0xd9)]);

  test("are read", async () => {
    expect(parts()).toHaveLength(6);
    expect(joined(parts())).toEqual(sound);
    expect(await decodeFull(sound, "image")).toMatchObject({ width: 40, height: 24 });
  });

  test("a part that is gone, is there twice or stands in another's place is noticed", async () => {
    const [a, b, c, d, e, f] = parts() as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
    for (const pieces of [
      [a, b, d, e, f],
      [a, b, b, c, d, e, f],
      [a, c, b, d, e, f],
      [a, b, c, d, e],
    ]) {
      expect(await refusal(joined(pieces))).toBeInstanceOf(ImageError);
    }
  });
});

test("of a file full of markers no more is kept than a picture has", async () => {
  const file = await jpeg(phantoms[0]!, {});
  const from = pixelsOf(file);
  const restarts = Buffer.alloc(200_000, Buffer.of(0xff, 0xd0));
  const flooded = Buffer.concat([file.subarray(0, from), restarts, file.subarray(from)]);
  expect(scanData(flooded, from, 3).ends).toHaveLength(3);
  expect(await refusal(flooded)).toBeInstanceOf(ImageError);
  const comments = Buffer.alloc(80_000, Buffer.of(0xff, 0xfe, 0, 2));
  const odd = Buffer.concat([file.subarray(0, 2), comments, Buffer.alloc(4), file.subarray(2)]);
  expect(withoutOddities(odd)).toBeUndefined();
});

describe("harmless oddities", () => {
  const segment = (marker: number, ...content: readonly number[]): Buffer =>
    Buffer.of(0xff, marker, 0, content.length + 2, ...content);
  const isBaseline = (file: Buffer): boolean => [...jpegSegments(file)].some(({ marker }) => marker === 0xc0);
  const text = (letters: string): number[] => [...Buffer.from(letters, "latin1")];
  const inserted = (file: Buffer, at: number, ...bytes: readonly Buffer[]): Buffer =>
    Buffer.concat([file.subarray(0, at), ...bytes, file.subarray(at)]);
  const odd: { readonly [name: string]: (file: Buffer) => Buffer } = {
    "bytes between segments": (file) => inserted(file, [...jpegSegments(file)][0]!.end, Buffer.alloc(20)),
    "JFIF of another version": (file) =>
      inserted(file, 2, segment(0xe0, ...text("JFIF\0"), 9, 2, 0, 0, 72, 0, 72, 0, 0)),
    "an unknown number in Adobe's segment": (file) =>
      inserted(file, 2, segment(0xee, ...text("Adobe"), 0, 100, 0, 0, 0, 0, 7)),
    "parameters of progressive scans": (file) => {
      const changed = Buffer.from(file);
      if (isBaseline(file)) changed[pixelsOf(file) - 2] = 5;
      return changed;
    },
    "an EXIF segment without sense": (file) => inserted(file, 2, segment(0xe1, ...text("Exif\0\0II*\0zzzzzzzzzzzz"))),
    "a colour profile without sense": (file) =>
      inserted(file, 2, segment(0xe2, ...text("ICC_PROFILE\0"), 1, 1, ...Array<number>(40).fill(3))),
    "filling after the last pixel": (file) =>
      isBaseline(file) ? inserted(file, file.length - 2, Buffer.alloc(3)) : file,
    "bytes after the end": (file) => Buffer.concat([file, Buffer.alloc(50, 7)]),
  };

  test.each(Object.entries(odd))("%s: the same pixels", async (_, oddity) => {
    for (const options of Object.values(encodings)) {
      const file = await jpeg(phantoms[0]!, options);
      const [odd, sound] = [await decodeFull(oddity(file), "image"), await decodeFull(file, "image")];
      expect(Buffer.from(odd.data).equals(sound.data)).toBe(true);
    }
  });

  test.each(Object.entries(odd))("%s: hides no damage", async (_, oddity) => {
    for (const [name, options] of Object.entries(encodings)) {
      const file = await jpeg(phantoms[0]!, options);
      for (const damage of Object.values(damages)) {
        expect(await refusal(damage(oddity(file), Random.of(9))), name).toBeInstanceOf(ImageError);
      }
    }
  });
});
