/** Sound images of every format and damaged copies of them, from a seed; for tests. */
import sharp, { type Sharp } from "sharp";
import { bitmapFile } from "../../../image/testing/bitmap-file.ts";
import { Random } from "../../../random.ts";
import { phantomImages } from "../phantom.ts";

const side = 160;

/** An image file before it is damaged. */
export interface SoundImage {
  readonly format: "JPEG" | "PNG" | "WebP" | "TIFF" | "BMP";
  /** Its variant, such as "progressive". */
  readonly variant: string;
  readonly file: Buffer;
}

type Write = (pixels: Buffer, image: Sharp) => Promise<Buffer> | Buffer;

const tiled = { tile: true, tileWidth: 64, tileHeight: 64 } as const;

const variants: { readonly [F in SoundImage["format"]]: { readonly [variant: string]: Write } } = {
  JPEG: {
    baseline: (_, image) => image.jpeg({ quality: 90, optimiseCoding: false }).toBuffer(),
    "4:4:4": (_, image) => image.jpeg({ quality: 80, chromaSubsampling: "4:4:4" }).toBuffer(),
    progressive: (_, image) => image.jpeg({ quality: 90, progressive: true }).toBuffer(),
    grey: (_, image) => image.greyscale().jpeg({ quality: 75 }).toBuffer(),
  },
  PNG: {
    "8 bits": (_, image) => image.png().toBuffer(),
    "16 bits": (_, image) => image.toColourspace("rgb16").png().toBuffer(),
    palette: (_, image) => image.png({ palette: true }).toBuffer(),
  },
  WebP: {
    lossy: (_, image) => image.webp({ quality: 90 }).toBuffer(),
    lossless: (_, image) => image.webp({ lossless: true }).toBuffer(),
    "with opacity": (_, image) => image.ensureAlpha(0.7).webp().toBuffer(),
  },
  TIFF: {
    plain: (_, image) => image.tiff({ compression: "none" }).toBuffer(),
    LZW: (_, image) => image.tiff({ compression: "lzw" }).toBuffer(),
    Deflate: (_, image) => image.tiff({ compression: "deflate", predictor: "horizontal" }).toBuffer(),
    PackBits: (_, image) => image.tiff({ compression: "packbits" }).toBuffer(),
    "JPEG inside": (_, image) => image.tiff({ compression: "jpeg", quality: 90 }).toBuffer(),
    tiles: (_, image) => image.tiff({ compression: "none", ...tiled }).toBuffer(),
    "Deflate tiles": (_, image) => image.tiff({ compression: "deflate", ...tiled }).toBuffer(),
    "16 bits": (_, image) => image.toColourspace("rgb16").tiff({ compression: "lzw" }).toBuffer(),
    floats: (_, image) => image.toColourspace("scrgb").tiff({ compression: "deflate", predictor: "none" }).toBuffer(),
    "floats, tiles": (_, image) =>
      image
        .toColourspace("scrgb")
        .tiff({ compression: "none", ...tiled })
        .toBuffer(),
  },
  BMP: {
    "24 bits": (pixels) => bitmap(pixels, 24),
    "8 bits": (pixels) => bitmap(pixels, 8),
    "run lengths": (pixels) => bitmap(pixels, 8, 1),
  },
};

/** Each variant of each format, once. */
export async function soundImages(seed: number): Promise<SoundImage[]> {
  const phantoms = phantomImages({ images: 18, size: side, seed });
  const images: SoundImage[] = [];
  for (const format of ["JPEG", "PNG", "WebP", "TIFF", "BMP"] as const) {
    for (const [variant, write] of Object.entries(variants[format])) {
      const pixels = Buffer.from(phantoms[images.length % phantoms.length]!.draw());
      const image = sharp(pixels, { raw: { width: side, height: side, channels: 3 } });
      images.push({ format, variant, file: await write(pixels, image) });
    }
  }
  return images;
}

/** Rows from the bottom. */
function bitmap(pixels: Buffer, bits: 8 | 24, compression = 0): Buffer {
  const rows = Array.from({ length: side }, (_, y) => {
    const row = pixels.subarray((side - 1 - y) * side * 3, (side - y) * side * 3);
    if (bits === 24) return Array.from(row, (_level, i) => row[i + 2 - 2 * (i % 3)]!);
    return Array.from({ length: side }, (_pixel, x) => row[x * 3]! & 0xf8);
  });
  const palette = Array.from({ length: 256 }, (_, level) => [level, level, level, 0]);
  const packed = rows.flatMap((row) => [...runs(row), 0, 0]);
  return bitmapFile({
    width: side,
    height: side,
    bits,
    compression,
    palette: bits === 8 ? palette : [],
    rows: compression === 0 ? rows : [[...packed, 0, 1]],
  });
}

function runs(row: readonly number[]): number[] {
  const packed: number[] = [];
  for (let x = 0; x < row.length; ) {
    let length = 1;
    while (length < 255 && row[x + length] === row[x]) length++;
    packed.push(length, row[x]!);
    x += length;
  }
  return packed;
}

/** What happens to files: on disks, on the way, and by hand. */
export const damages = {
  "a bit flipped": (file, random) =>
    changed(file, random.integer(file.length), (byte) => byte ^ (1 << random.integer(8))),
  "bytes changed": (file, random) => {
    let damaged = file;
    for (let i = 0; i <= random.integer(8); i++)
      damaged = changed(damaged, random.integer(file.length), () => random.integer(256));
    return damaged;
  },
  "header changed": (file, random) => {
    // TIFF's directory may stand at the end.
    const [from, length] = random.integer(4) === 0 ? [Math.max(0, file.length - 400), 400] : [0, 300];
    let damaged = file;
    for (let i = 0; i <= random.integer(3); i++) {
      const at = Math.min(file.length - 1, from + random.integer(length));
      damaged = changed(damaged, at, () => random.integer(256));
    }
    return damaged;
  },
  cut: (file, random) => file.subarray(0, random.integer(file.length)),
  "cut and closed": (file, random) => {
    const end = { 255: 2, 137: 12 }[file[0]!] ?? 0;
    return Buffer.concat([file.subarray(0, random.integer(file.length - end)), file.subarray(file.length - end)]);
  },
  zeroed: (file, random) => {
    const [from, to] = stretch(file, random);
    return Buffer.from(file).fill(0, from, to);
  },
  "zeroed from the middle": (file) => Buffer.from(file).fill(0, file.length >> 1, file.length - 12),
  missing: (file, random) => {
    const [from, to] = stretch(file, random);
    return Buffer.concat([file.subarray(0, from), file.subarray(to)]);
  },
  "foreign bytes": (file, random) => {
    const [from, to] = stretch(file, random);
    const damaged = Buffer.from(file);
    for (let i = from; i < to; i++) damaged[i] = random.integer(256);
    return damaged;
  },
  "another place's bytes": (file, random) => {
    const [from, to] = stretch(file, random);
    const damaged = Buffer.from(file);
    file.copy(damaged, from, random.integer(file.length - (to - from)), file.length);
    return damaged;
  },
} as const satisfies { readonly [name: string]: (file: Buffer, random: Random) => Buffer };

const changed = (file: Buffer, at: number, change: (byte: number) => number): Buffer => {
  const damaged = Buffer.from(file);
  damaged[at] = change(file[at]!);
  return damaged;
};

/** From 2 to 30 % of a file. */
function stretch(file: Buffer, random: Random): [number, number] {
  const length = Math.max(1, Math.floor(file.length * (0.02 + 0.28 * random.uniform())));
  const from = random.integer(file.length - length);
  return [from, from + length];
}

/** The damaged image of a number: formats, variants and damages take turns. */
export function damagedImage(
  images: readonly SoundImage[],
  seed: number,
  number: number,
): { readonly image: SoundImage; readonly damage: keyof typeof damages; readonly file: Buffer } {
  const random = Random.of(seed, number);
  const formats = Object.keys(variants) as SoundImage["format"][];
  const format = formats[number % formats.length]!;
  const ofFormat = images.filter((image) => image.format === format);
  const image = ofFormat[random.integer(ofFormat.length)]!;
  const names = Object.keys(damages) as (keyof typeof damages)[];
  const damage = names[random.integer(names.length)]!;
  return { image, damage, file: damages[damage](image.file, random) };
}
