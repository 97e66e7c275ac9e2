/** Keeps the pixels of all images that are decoded at the same time within a bound, however many files are under way. */
import { AsyncLocalStorage } from "node:async_hooks";
import { Budget } from "../../disk/bounded.ts";
import { refuseTooManyPixels } from "./pixel-limit.ts";

/** Two images of the default limit, or eight photographs of 24 million pixels: some two gigabytes at most for ordinary files. */
const budget = new Budget(200e6);

const decodings = new AsyncLocalStorage<{ release: (() => void) | undefined }>();

/** Does work on one image; the pixels that {@link admitPixels} took in it count until it ends. */
export async function decodingOne<T>(work: () => Promise<T>): Promise<T> {
  const decoding: { release: (() => void) | undefined } = { release: undefined };
  try {
    return await decodings.run(decoding, work);
  } finally {
    decoding.release?.();
  }
}

/**
 * Waits, once it is known how large an image is, until there is room for it. What is larger than all room waits to be alone.
 *
 * @throws UnreadVariant as {@link refuseTooManyPixels}
 */
export async function admitPixels(size: { readonly width: number; readonly height: number }): Promise<void> {
  refuseTooManyPixels(size);
  const decoding = decodings.getStore();
  if (decoding !== undefined) decoding.release ??= await budget.take(size.width * size.height);
}
