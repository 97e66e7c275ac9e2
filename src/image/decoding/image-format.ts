/** Tells an image's format by the first bytes of its content, of those that are decoded and of those that are not. */

/** A format that is decoded. */
export interface ImageFormat {
  readonly name: "JPEG" | "PNG" | "WebP" | "TIFF" | "BMP";
  /** Whether the file surely ends too early; where false, only decoding can tell. */
  readonly truncated: (file: Uint8Array) => boolean;
}

const text = (file: Uint8Array, from: number, to: number): string =>
  Buffer.from(file.subarray(from, to)).toString("latin1");
const uint32 = (file: Uint8Array, at: number): number => Buffer.from(file.subarray(at, at + 4)).readUInt32LE();

const formats: readonly (ImageFormat & { readonly begins: (file: Uint8Array) => boolean })[] = [
  {
    name: "JPEG",
    begins: (file) => text(file, 0, 3) === "\xff\xd8\xff",
    // The last of its markers is EOI (ITU-T T.81, B.1.1.3); a thumbnail inside may have one, so only the tail counts.
    truncated: (file) => Buffer.from(file).lastIndexOf("\xff\xd9", undefined, "latin1") < file.length * 0.9,
  },
  {
    name: "PNG",
    begins: (file) => text(file, 0, 8) === "\x89PNG\r\n\x1a\n",
    truncated: (file) => !Buffer.from(file.buffer, file.byteOffset, file.length).includes("IEND"),
  },
  {
    name: "WebP",
    begins: (file) => text(file, 0, 4) === "RIFF" && text(file, 8, 12) === "WEBP",
    truncated: (file) => uint32(file, 4) + 8 > file.length,
  },
  {
    // The last two are BigTIFF.
    name: "TIFF",
    begins: (file) => ["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(text(file, 0, 4)),
    truncated: () => false,
  },
  {
    name: "BMP",
    begins: (file) => text(file, 0, 2) === "BM",
    truncated: () => false,
  },
];

/** The format of a file's content, or undefined where it is none that is decoded. */
export function imageFormat(file: Uint8Array): ImageFormat | undefined {
  return formats.find((format) => format.begins(file));
}

/** Formats that are not decoded, by the first bytes of their content. */
const unread: readonly (readonly [name: string, begins: (file: Uint8Array) => boolean])[] = [
  ["GIF", (file) => ["GIF87a", "GIF89a"].includes(text(file, 0, 6))],
  ["AVIF", (file) => isIsoMedia(file, ["avif", "avis"])],
  ["HEIC", (file) => isIsoMedia(file, ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"])],
  ["Canon raw (CR3)", (file) => isIsoMedia(file, ["crx "])],
  ["Canon raw (CR2)", (file) => text(file, 0, 4) === "II*\0" && text(file, 8, 10) === "CR"],
  ["JPEG 2000", (file) => text(file, 4, 12) === "jP  \r\n\x87\n" || text(file, 0, 4) === "\xff\x4f\xff\x51"],
  ["JPEG XL", (file) => text(file, 4, 12) === "JXL \r\n\x87\n" || text(file, 0, 2) === "\xff\x0a"],
  ["DICOM", (file) => text(file, 128, 132) === "DICM"],
  ["Photoshop", (file) => text(file, 0, 4) === "8BPS"],
  ["OpenEXR", (file) => text(file, 0, 4) === "\x76\x2f\x31\x01"],
  ["Radiance HDR", (file) => text(file, 0, 10) === "#?RADIANCE"],
  ["PDF", (file) => text(file, 0, 5) === "%PDF-"],
  ["PostScript", (file) => text(file, 0, 4) === "%!PS"],
  ["PCX", (file) => text(file, 0, 1) === "\n" && file[1]! <= 5 && file[2] === 1 && file[3] === 8],
  ["Apple icon", (file) => text(file, 0, 4) === "icns"],
  ["Windows icon", (file) => text(file, 0, 4) === "\0\0\x01\0"],
  ["DDS", (file) => text(file, 0, 4) === "DDS "],
  ["netpbm", (file) => /^P[1-7f][ \t\r\n]/i.test(text(file, 0, 3))],
];

/** The brand of an ISO base media file (ISO/IEC 14496-12): HEIF's formats differ in nothing else at their beginning. */
const isIsoMedia = (file: Uint8Array, brands: readonly string[]): boolean =>
  text(file, 4, 8) === "ftyp" && brands.includes(text(file, 8, 12));

/** The name of a format that is known but not decoded, or undefined. */
export function unreadFormat(file: Uint8Array): string | undefined {
  return unread.find(([, begins]) => begins(file))?.[0];
}
