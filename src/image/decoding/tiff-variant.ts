/** Tells how a TIFF's samples are to be read, and refuses by its name what would come out as another picture. */
import { type TiffHeader, tiffTags } from "./tiff-header.ts";
import { UnreadVariant } from "./unread-variant.ts";

/** How the samples of a TIFF become levels of 8 bits. */
export interface TiffReading {
  /** `stored` for up to 16 bits, which libvips converts; others have a scale of their own. */
  readonly samples: "stored" | "float" | "uint32";
  /** A fourth (or second) sample that no tag calls opacity: it is no part of the picture. */
  readonly dropsLast: boolean;
}

const compressions: { readonly [tag: number]: string } = {
  6: "old-style JPEG",
  34661: "JBIG",
  34712: "JPEG 2000",
  34887: "LERC",
  34925: "LZMA",
  50000: "Zstandard",
  52546: "JPEG XL",
};

/** Samples that are colours, by photometric interpretation. */
const colourSamples: { readonly [photometric: number]: number } = { 0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3 };

const colourSpaces: { readonly [photometric: number]: string } = {
  4: "a transparency mask",
  8: "CIELAB colours",
  9: "CIELAB colours",
  10: "CIELAB colours",
  32803: "a camera's raw colour filter",
  32844: "LogL",
  32845: "LogLuv",
  34892: "a camera's linear raw colours",
};

/** @throws UnreadVariant where the first image is of a kind that is not read */
export function tiffReading(header: TiffHeader): TiffReading {
  const { tags, bitsPerSample: bits, samplesPerPixel: samples, sampleFormat, photometric, compression } = header;
  const isRaw = tags.has(tiffTags.dngVersion) || photometric === 32803 || photometric === 34892;
  if (isRaw) throw new UnreadVariant("camera's raw file", "develop it into a JPEG or a TIFF");
  if (((tags.get(tiffTags.subfileType)?.[0] ?? 0) & 1) === 1) {
    throw new UnreadVariant("TIFF whose first image is a reduced one", "save the full image alone");
  }
  const packing = compressions[compression];
  if (packing !== undefined) throw new UnreadVariant(`TIFF with ${packing} compression`);
  if (tags.has(tiffTags.tileWidth) && header.planarConfiguration === 2 && samples > 1) {
    throw new UnreadVariant("TIFF of tiles in separate planes");
  }
  const colours = colourSamples[photometric];
  if (colours === undefined) throw new UnreadVariant(`TIFF of ${colourSpaces[photometric] ?? "unknown colours"}`);
  if (photometric === 6 && compression !== 7) throw new UnreadVariant("TIFF of YCbCr colours without JPEG");
  if (samples < colours || samples > colours + 1) {
    throw new UnreadVariant(
      `TIFF of ${samples} ${colours === 1 ? "grey " : ""}channels`,
      "save one image of the channels that are wanted",
    );
  }
  const lastIsOpacity = header.extraSamples[0] === 1 || header.extraSamples[0] === 2;
  const kind = sampleKind(bits, sampleFormat, photometric);
  if (kind !== "stored") {
    const other = { 0: "inverted grey", 3: "a palette", 5: "inks", 6: "YCbCr colours" }[photometric];
    if (other !== undefined) throw new UnreadVariant(`${bits}-bit TIFF of ${other}`);
    if (header.extraSamples[0] === 1) throw new UnreadVariant(`${bits}-bit TIFF with premultiplied transparency`);
    if (tags.has(tiffTags.profile)) throw new UnreadVariant(`${bits}-bit TIFF with a colour profile`);
  }
  return { samples: kind, dropsLast: samples > colours && !lastIsOpacity };
}

function sampleKind(bits: number, sampleFormat: number, photometric: number): TiffReading["samples"] {
  if (sampleFormat === 3 && [16, 32, 64].includes(bits)) return "float";
  // No standard says which signed number is black.
  if (sampleFormat === 2)
    throw new UnreadVariant(`TIFF of signed ${bits}-bit integers`, "save it unsigned, with 8 or 16 bits");
  if (sampleFormat > 4) throw new UnreadVariant("TIFF of complex numbers");
  if (sampleFormat === 1 && bits === 32) return "uint32";
  const read =
    bits === 8 ||
    (bits === 16 && photometric !== 3) ||
    ([1, 2, 4].includes(bits) && photometric < 2) ||
    ([1, 2, 4].includes(bits) && photometric === 3);
  if (!read)
    throw new UnreadVariant(`TIFF of ${bits}-bit ${sampleFormat === 3 ? "floating-point numbers" : "integers"}`);
  return "stored";
}
