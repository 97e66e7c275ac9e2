/** Finds pictures that show the same photograph: turned, flipped, cut, saved anew or made a little brighter. */
import { availableParallelism } from "node:os";
import { lookBytes } from "./look.ts";
import { detailOf, findLookPairs } from "./look-pairs.ts";
import { align, halved, type Plane, type Registration, turned } from "./registration.ts";

/** Two pictures that show the same photograph. */
export interface NearDuplicate {
  /** Numbers of the two pictures; `b` shows a part of `a` or all of it. */
  readonly a: number;
  readonly b: number;
  readonly registration: Registration;
  /** Median correlation of the fine structure, in -1 to 1. */
  readonly detail: number;
}

/** Shared detail of two pictures at 64 x 64 from which on they are compared at 128 x 128. */
const halfDetail = 0.4;

/**
 * What two pictures at 128 x 128 must reach to be called the same photograph. On 2,200 dermoscopic images, pairs of one photograph had
 * a detail of 0.5 to 0.98; the most alike two of different lesions 0.21, and nearly all below 0.1.
 */
const limits = { correlation: 0.8, detail: 0.5 } as const;

/** Pictures for which another thread is worth its start. */
const picturesPerThread = 250;

/** Settings of {@link findNearDuplicates}. */
export interface NearDuplicateOptions {
  /** Lightness of a picture at 128 x 128, read again for the few that look alike; undefined where it is gone. */
  readonly read: (index: number) => Promise<Plane | undefined>;
  /** Threads that compare looks; by default one per core, fewer for few pictures. They change nothing about what is found. */
  readonly threads?: number;
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The pairs among pictures, given by their looks, that show the same photograph under flips, quarter turns, cutting down to about
 * 80 % of each side, recompression and mild changes of brightness. Takes near-linear time: candidates come from a forest over
 * descriptors that flips and turns do not change; each is laid over the other by correlation, first at 32 x 32 and then, read again, at
 * 128 x 128 pixels, where the fine structure decides.
 *
 * @param looks (n, lookBytes), of distinct files
 */
export async function findNearDuplicates(
  looks: Uint8Array,
  { read, threads, seed = 0, onProgress, signal }: NearDuplicateOptions,
): Promise<NearDuplicate[]> {
  const total = looks.length / lookBytes;
  let done = 0;
  const pairs = await findLookPairs(looks, {
    threads: threads ?? Math.max(1, Math.min(availableParallelism(), Math.floor(total / picturesPerThread))),
    seed,
    signal,
    onCompared: (count) => {
      done += count;
      onProgress?.(done, total);
    },
  });
  pairs.sort((p, q) => p.a - q.a || p.b - q.b);
  const found = new Map<string, NearDuplicate>();
  const planes = new RecentPlanes(read);
  for (const { a, b, registration } of pairs) {
    signal?.throwIfAborted();
    // Most pairs come twice, each picture as part of the other; the first way that holds is enough.
    const key = `${Math.min(a, b)} ${Math.max(a, b)}`;
    if (found.has(key)) continue;
    const [planeA, planeB] = [await planes.read(a), await planes.read(b)];
    if (planeA === undefined || planeB === undefined) continue;
    const close = compareClosely(planeA, planeB, registration);
    if (close !== undefined) found.set(key, { a, b, ...close });
  }
  return [...found.values()].sort((p, q) => p.a - q.a || p.b - q.b);
}

/** Lays two pictures of 128 x 128 over each other, from where their looks lie; undefined where they are not of one photograph. */
function compareClosely(
  a: Plane,
  b: Plane,
  { turn, placement }: Registration,
): { readonly registration: Registration; readonly detail: number } | undefined {
  const [halfA, halfB] = [halved(a), halved(b)];
  const needed = limits.correlation;
  const half = { turn, ...align(halfA, turned(halfB, turn), placement, { steps: 5, needed }) };
  if (detailOf(halfA, halfB, half) < halfDetail) return undefined;
  const registration = { turn, ...align(a, turned(b, turn), half.placement, { steps: 4, needed }) };
  const detail = detailOf(a, b, registration);
  return registration.correlation >= needed && detail >= limits.detail ? { registration, detail } : undefined;
}

/** Pictures that were read last, as alike ones are asked for again and again: at most 256 of them, 16 megabytes. */
class RecentPlanes {
  readonly #read: NearDuplicateOptions["read"];
  readonly #kept = new Map<number, Plane | undefined>();

  constructor(read: NearDuplicateOptions["read"]) {
    this.#read = read;
  }

  async read(index: number): Promise<Plane | undefined> {
    const known = this.#kept.has(index);
    const plane = known ? this.#kept.get(index) : await this.#read(index);
    // A map lists what was set first first: that is the one that nobody asked for the longest.
    if (known) this.#kept.delete(index);
    else if (this.#kept.size >= 256) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(index, plane);
    return plane;
  }
}
