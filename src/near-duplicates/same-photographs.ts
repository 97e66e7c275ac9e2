/** Which contents of a data set show the same photograph, as its audit, its curation and its splits need to know: compared only once. */
import { createHash } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type HashOptions, hashContents } from "../dataset/content-hashes.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { sourceOf } from "../dataset/image-source.ts";
import { readText, writeError, writeFileAtomic } from "../disk/files.ts";
import { seal, unseal } from "../disk/sealed-text.ts";
import { decoderVersion } from "../image/decoding/decode.ts";
import { pixelLimit, pixelLimitKey } from "../image/decoding/pixel-limit.ts";
import { maxPixelsDefault } from "../image/decoding/pixel-limit-range.ts";
import { findNearDuplicates, type NearDuplicate } from "./near-duplicates.ts";
import { readPlane, type Survey, surveyImages } from "./survey.ts";

/** Two contents, by the SHA-256 of their files, that show the same photograph; `b` shows a part of `a` or all of it. */
export interface SamePhotograph extends Pick<NearDuplicate, "registration" | "detail"> {
  readonly a: string;
  readonly b: string;
}

/** Which images of a data set show one photograph. */
export interface SamePhotographs {
  /** SHA-256 of every image's file, in their order; undefined where it cannot be read. */
  readonly sha256: readonly (string | undefined)[];
  readonly pairs: readonly SamePhotograph[];
}

/** What is under way. */
export type ComparisonProgress = "opening images" | "comparing images";

/** How the images of a data set are compared. */
export interface SamePhotographOptions extends Pick<HashOptions, "cacheFolder" | "signal"> {
  /** The images opened, where that was done already. */
  readonly survey?: Survey | undefined;
  readonly onProgress?: ((what: ComparisonProgress, done: number, total: number) => void) | undefined;
}

/** Raised when other pairs come out of the same contents. */
const format = "naevus near duplicates 1";
const numbers = z.number();
const schema = z.strictObject({
  format: z.literal(format),
  decoder: z.string(),
  /** Millions of pixels above which images were not opened. */
  maxPixels: z.number().default(maxPixelsDefault),
  contents: z.array(z.string()),
  pairs: z.array(
    z.strictObject({
      a: z.string(),
      b: z.string(),
      registration: z.strictObject({
        turn: z.int(),
        placement: z.tuple([numbers, numbers, numbers, numbers, numbers, numbers]),
        correlation: z.number(),
      }),
      detail: z.number(),
    }),
  ),
});

type Known = z.infer<typeof schema>;

/**
 * The pairs among the contents of a data set; equal files are one content. What was found is kept in the cache folder by contents, wherever
 * they lie: for the same files, or some of them, nothing is opened again; with a file more, all are compared anew.
 *
 * @throws DatasetError where the folder is gone; FileError where the cache cannot be written; the signal's reason where it aborts
 */
export async function samePhotographs(
  dataset: Pick<Dataset, "root" | "sources" | "images">,
  { cacheFolder, survey, onProgress, signal }: SamePhotographOptions = {},
): Promise<SamePhotographs> {
  const { sha256 } = survey ?? (await hashContents(dataset, { cacheFolder, signal }));
  const contents = new Set(sha256.filter((hash) => hash !== undefined));
  const known = cacheFolder === undefined ? undefined : await readKnown(cacheFolder, contents);
  if (known !== undefined) return { sha256, pairs: known.filter(({ a, b }) => contents.has(a) && contents.has(b)) };
  const opened =
    survey ?? (await surveyImages(dataset, { signal, onProgress: (...at) => onProgress?.("opening images", ...at) }));
  const pairs = await compare(dataset, opened, { onProgress, signal });
  if (cacheFolder !== undefined) await writeKnown(cacheFolder, opened, pairs);
  return { sha256: opened.sha256, pairs };
}

async function compare(
  dataset: Pick<Dataset, "root" | "sources" | "images">,
  { contents, contentOf, looks }: Survey,
  { onProgress, signal }: Pick<SamePhotographOptions, "onProgress" | "signal">,
): Promise<SamePhotograph[]> {
  const first = contents.map((_, content) => contentOf.indexOf(content));
  const pairs = await findNearDuplicates(looks, {
    read: (content) => readPlane(sourceOf(dataset, dataset.images[first[content]!]!.path)),
    onProgress: (...at) => onProgress?.("comparing images", ...at),
    signal,
  });
  return pairs.map(({ a, b, registration, detail }) => ({
    a: contents[a]!.sha256,
    b: contents[b]!.sha256,
    registration,
    detail,
  }));
}

const namePattern = /^near-duplicates-[0-9a-f]{16}\.json$/;

/** The pairs of a set of contents that holds all of these; undefined where none is known. */
async function readKnown(folder: string, contents: ReadonlySet<string>): Promise<Known["pairs"] | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  // The set itself is the likeliest.
  const own = fileName(contents);
  const files = names.filter((name) => namePattern.test(name)).sort((a, b) => Number(b === own) - Number(a === own));
  for (const name of files) {
    const known = await readCache(join(folder, name));
    if (known === undefined || known.contents.length < contents.size) continue;
    const held = new Set(known.contents);
    if ([...contents].every((content) => held.has(content))) return known.pairs;
  }
  return undefined;
}

async function readCache(file: string): Promise<Known | undefined> {
  const version = await decoderVersion();
  try {
    const known = schema.parse(JSON.parse(unseal(await readText(file)) ?? ""));
    return known.decoder === version && known.maxPixels === pixelLimit() ? known : undefined;
  } catch {
    // Damaged, or made by another version.
    return undefined;
  }
}

async function writeKnown(folder: string, { sha256 }: Survey, pairs: readonly SamePhotograph[]): Promise<void> {
  const contents = new Set(sha256.filter((hash) => hash !== undefined));
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeError(folder, error);
  });
  const known: Known = {
    format,
    decoder: await decoderVersion(),
    maxPixels: pixelLimit(),
    contents: [...contents].sort(),
    pairs: pairs.map(({ registration: { placement, ...registration }, ...pair }) => ({
      ...pair,
      registration: { ...registration, placement: [...placement] },
    })),
  };
  await writeFileAtomic(join(folder, fileName(contents)), seal(JSON.stringify(known)));
}

const fileName = (contents: ReadonlySet<string>): string =>
  `near-duplicates-${createHash("sha256")
    .update([...contents].sort().concat(pixelLimitKey().map(String)).join(" "))
    .digest("hex")
    .slice(0, 16)}.json`;
