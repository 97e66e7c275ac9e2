/** Text with its own checksum before it: what a cache keeps is taken as it was written, or not at all. */
import { createHash } from "node:crypto";

const checksumOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A line with the SHA-256 of the text, and the text. */
export const seal = (text: string): string => `${checksumOf(text)}\n${text}`;

/** The text that was sealed; undefined where a letter of it is another one. */
export function unseal(sealed: string): string | undefined {
  const end = sealed.indexOf("\n");
  const text = sealed.slice(end + 1);
  return end > 0 && sealed.slice(0, end) === checksumOf(text) ? text : undefined;
}
