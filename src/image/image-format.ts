/** Tells an image's format by the first bytes of its content, and whether its end is missing. */

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
