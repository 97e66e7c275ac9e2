/** A model file's checksum: its last metadata entry, over all bytes before it, so that a damaged weight does not go unseen. */

import { bytesField, message, stringField } from "../formats/protobuf.ts";
import { hexadecimal, sha256 } from "../formats/sha256.ts";

/** ModelProto's metadata in onnx.proto. */
const METADATA = 14;

const entry = (content: Uint8Array, digest: (bytes: Uint8Array) => Uint8Array): Uint8Array =>
  bytesField(METADATA, message(stringField(1, "sha256"), stringField(2, hexadecimal(digest(content)))));

const entryLength = entry(new Uint8Array(), sha256).length;

/** The file with its checksum as one more metadata entry. */
export const withChecksum = (file: Uint8Array): Uint8Array => message(file, entry(file, sha256));

/**
 * Whether a file is, byte for byte, one that {@link withChecksum} gave.
 *
 * @param digest a faster SHA-256, where there is one
 */
export function checksumFits(file: Uint8Array, digest: (bytes: Uint8Array) => Uint8Array = sha256): boolean {
  const content = file.subarray(0, Math.max(0, file.length - entryLength));
  const found = file.subarray(content.length);
  const expected = entry(content, digest);
  return found.length === expected.length && expected.every((byte, i) => found[i] === byte);
}
