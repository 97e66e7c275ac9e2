/** Reads WebP files (RFC 9649): whole, or not at all. */
import { openEncoded, readEncoded } from "./encoded-image.ts";
import type { RawImage } from "./raw-image.ts";

/** Fewer than any picture can do without; libwebp reads some bytes ahead. */
const needed = 16;

/**
 * The first frame. libwebp takes any bits for pixels, and notices only where they end too early. A sound picture needs its last bytes; one
 * whose bytes were lost or exchanged is read out of step, and in most cases some are left over: then it can be decoded without the last ones.
 *
 * @throws Error where the file is truncated or damaged
 */
export async function readWebp(file: Uint8Array): Promise<RawImage> {
  const image = await readEncoded(file);
  const shortened = withoutLastBytes(file);
  if (shortened === undefined) return image;
  const opened = await openEncoded(shortened);
  const decodes = await opened
    .raw()
    .toBuffer()
    .then(
      () => true,
      () => false,
    );
  if (decodes) throw new Error("a part of its pixels is left over");
  return image;
}

/** The file without the end of its first picture's pixels and what follows; undefined where there is too little of it. */
function withoutLastBytes(file: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const kind = bytes.toString("latin1", at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    if (kind === "ANIM" || kind === "ANMF") return undefined;
    if (kind !== "VP8 " && kind !== "VP8L") {
      at += 8 + length + (length % 2);
      continue;
    }
    // Less is hardly more than a header.
    if (length < 3 * needed || at + 8 + length > bytes.length) return undefined;
    const kept = length - needed;
    const shortened = Buffer.alloc(at + 8 + kept + (kept % 2));
    bytes.copy(shortened, 0, 0, at + 8 + kept);
    shortened.writeUInt32LE(kept, at + 4);
    shortened.writeUInt32LE(shortened.length - 8, 4);
    return shortened;
  }
  return undefined;
}
