/** JSON that holds a digest of itself, so that a change by hand or by a failing disk is noticed when it is read. */
import { createHash } from "node:crypto";

/** JSON whose digest does not fit the rest of it. */
export class SealError extends Error {
  override readonly name = "SealError";
}

/** Objects and lists inside each other: more than naevus writes, and less than the stack holds. */
const deepest = 500;

/** A value as lists, in which the order of an object's keys does not count. */
function canonical(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > deepest) throw new SealError("nested too deeply");
  const inside = (item: unknown) => canonical(item, depth + 1);
  if (Array.isArray(value)) return ["list", ...value.map(inside)];
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return ["object", ...entries.map(([key, item]) => [key, inside(item)])];
}

/** 64 bits of SHA-256, in hexadecimal digits: they are there to notice damage, not to keep a secret. */
const digestOf = (content: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify(canonical(content)))
    .digest("hex")
    .slice(0, 16);

/** The content as JSON has it, with its digest at the end. */
export function sealed<T extends object>(content: T): T & { readonly digest: string } {
  const plain = JSON.parse(JSON.stringify(content)) as T;
  return { ...plain, digest: digestOf(plain) };
}

/** What a sealed text holds. */
export interface Unsealed {
  /** Without the digest. */
  readonly content: unknown;
  /** Whether there was a digest; versions that wrote none leave the content unchecked. */
  readonly isSealed: boolean;
}

/** Reads JSON that may be sealed. Throws SyntaxError where it is none, {@link SealError} where its digest does not fit. */
export function unsealed(text: string): Unsealed {
  const content: unknown = JSON.parse(text);
  const isObject = typeof content === "object" && content !== null && !Array.isArray(content);
  if (!isObject || !Object.hasOwn(content, "digest")) return { content, isSealed: false };
  const { digest, ...rest } = content as Readonly<Record<string, unknown>>;
  if (digest !== digestOf(rest)) throw new SealError("its digest does not fit its content");
  return { content: rest, isSealed: true };
}
