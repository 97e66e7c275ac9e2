/** A model file's checksum: its last metadata entry, over all bytes before it, so that a damaged weight does not go unseen. */

import { bytesField, message, stringField } from "../formats/protobuf.ts";
import { hexadecimal, sha256 } from "../formats/sha256.ts";

/** ModelProto's metadata in onnx.proto. */
const METADATA = 14;

const entry = (content: Uint8Array): Uint8Array =>
  bytesField(METADATA, message(stringField(1, "sha256"), stringField(2, hexadecimal(sha256(content)))));

const entryLength = entry(new Uint8Array()).length;

/** The file with its checksum as one more metadata entry. */
export const withChecksum = (file: Uint8Array): Uint8Array => message(file, entry(file));

/** Whether a file is, byte for byte, one that {@link withChecksum} gave. */
export function checksumFits(file: Uint8Array): boolean {
  const content = file.subarray(0, Math.max(0, file.length - entryLength));
  const found = file.subarray(content.length);
  const expected = entry(content);
  return found.length === expected.length && expected.every((byte, i) => found[i] === byte);
}
