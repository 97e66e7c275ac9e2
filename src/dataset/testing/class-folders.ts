/** Class folders for tests of what is listed, and what is said where they are refused. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { DatasetError } from "../../errors.ts";

/** Makes files of five bytes, each with another content; the listing never decodes them. A path that ends in / is an empty folder. */
export async function makeFiles(root: string, ...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const file = join(root, path);
    await mkdir(path.endsWith("/") ? file : dirname(file), { recursive: true });
    if (!path.endsWith("/")) await writeFile(file, createHash("sha256").update(path).digest("hex").slice(0, 5));
  }
}

/** The sentence with which a folder is refused that is being read. */
export async function refusalOf(reading: Promise<unknown>): Promise<string> {
  const error: unknown = await reading.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(DatasetError);
  return (error as Error).message;
}
