/** Looks for damage in WebP files (RFC 9649) that libwebp decodes without a word. */

/** The compressed pixels of lossy pictures are without any rule that a reader could notice; but a coder writes no such stretch. */
const zeros = Buffer.alloc(64);

/** What is wrong with the first picture of the file, or undefined. */
export function webpFault(file: Uint8Array): string | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const kind = bytes.toString("latin1", at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    if (kind === "VP8 " || kind === "VP8L") {
      return bytes.subarray(at + 8, at + 8 + length).includes(zeros) ? "a stretch of its pixels is zeroed" : undefined;
    }
    // A frame of an animation holds chunks of its own, after 16 bytes.
    at += kind === "ANMF" ? 24 : 8 + length + (length % 2);
  }
  return undefined;
}
