/** Which images of a data set show the same photograph, for its curation and its splits. */
import type { Dataset } from "../../dataset/dataset.ts";
import { samePhotographs } from "../../near-duplicates/same-photographs.ts";

/** How near duplicates are looked for. */
export interface PairOptions {
  /** Keeps what was found, by contents. */
  readonly cacheFolder?: string | undefined;
  /** Told of warnings and of progress; by default nobody is. */
  readonly onEvent?:
    | ((event: { readonly kind: "packing" | "comparing"; readonly done: number; readonly total: number }) => void)
    | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Pairs of indices into the images: turned, flipped, cut or saved anew, see `findNearDuplicates`. Where several files are equal, each
 * of them stands in the pairs of its content. Throws FileError where the cache cannot be written, and the signal's reason.
 */
export async function nearDuplicatePairs(
  dataset: Pick<Dataset, "root" | "sources" | "images">,
  { cacheFolder, onEvent, signal }: PairOptions = {},
): Promise<(readonly [number, number])[]> {
  const { sha256, pairs } = await samePhotographs(dataset, {
    cacheFolder,
    signal,
    onProgress: (what, done, total) =>
      onEvent?.({ kind: what === "opening images" ? "packing" : "comparing", done, total }),
  });
  const holding = (content: string) => sha256.flatMap((own, index) => (own === content ? [index] : []));
  return pairs.flatMap(({ a, b }) => holding(a).flatMap((one) => holding(b).map((other) => [one, other] as const)));
}

/** The same by paths, which parts of the data set have in common with it. */
export async function nearDuplicatePaths(
  dataset: Pick<Dataset, "root" | "sources" | "images">,
  options: PairOptions = {},
): Promise<(readonly [string, string])[]> {
  const pairs = await nearDuplicatePairs(dataset, options);
  return pairs.map(([a, b]) => [dataset.images[a]!.path, dataset.images[b]!.path]);
}
