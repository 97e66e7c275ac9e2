/** Pairs of pictures whose looks fall on each other: much computing and nothing else, so that threads can share it. */

import { setImmediate as nextTurn } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import { startThreads } from "../threads.ts";
import { sharedDetail } from "./detail.ts";
import { lookBytes, lumaSize } from "./look.ts";
import { lookCandidates } from "./look-candidates.ts";
import { type Window, windows } from "./look-descriptor.ts";
import {
  type Plane,
  placementOf,
  type RegisteredLook,
  type Registration,
  register,
  registeredLook,
  sampleAt,
  turned,
} from "./registration.ts";

/** Two pictures, by number, whose looks fall on each other where `b` lies on `a` so. */
export interface LookPair {
  readonly a: number;
  readonly b: number;
  readonly registration: Registration;
}

/** Squared distance of descriptors up to which a second window is tried: mirror images of a window have the same one, and may mislead. */
const secondLimit = 0.35 ** 2;

/** Of a picture's candidates, those for which a second window is tried. */
const secondsEach = 3;

/** Shared detail of looks that fall on each other. */
const leastDetail = 0.7;

/** Pictures after which a thread tells what it has. */
const reportEvery = 64;

/** What a thread is given. */
export interface LookShare {
  /** (n, lookBytes) */
  readonly looks: Uint8Array;
  readonly part: number;
  readonly parts: number;
  readonly seed: number;
}

/** What a thread tells: how many more pictures it compared, and the pairs among them. */
export interface LookReport {
  readonly compared: number;
  readonly pairs: readonly LookPair[];
}

/** What a thread says last; how it ends differs between Node, Deno and bun. */
const through = "through";

/** Compares one share of the pictures with all of them. */
export function* compareLooks(share: LookShare): Generator<LookReport> {
  const lookAt = (index: number): RegisteredLook => {
    const from = index * lookBytes;
    return registeredLook({
      size: lumaSize,
      values: new Float32Array(share.looks.subarray(from, from + lumaSize ** 2)),
    });
  };
  let pairs: LookPair[] = [];
  let compared = 0;
  for (const { a, near } of lookCandidates(share.looks, share)) {
    const look = near.length > 0 ? lookAt(a) : undefined;
    for (const [rank, { b, windows: places, distance }] of near.entries()) {
      const other = lookAt(b);
      let registration: Registration | undefined;
      for (const window of distance <= secondLimit && rank < secondsEach ? places : places.slice(0, 1)) {
        registration ??= registerAt(look!, other, windows[window]!);
      }
      if (registration !== undefined) pairs.push({ a, b, registration });
    }
    if (++compared < reportEvery) continue;
    yield { compared, pairs };
    [compared, pairs] = [0, []];
  }
  yield { compared, pairs };
}

/** Lays `b` on a window of `a`; undefined where they are not alike there. */
function registerAt(a: RegisteredLook, b: RegisteredLook, { x, y }: Window): Registration | undefined {
  const registration = register(a, b, placementOf(x.start, y.start, x.length, y.length));
  return registration !== undefined && detailOf(a.fine, b.fine, registration) >= leastDetail ? registration : undefined;
}

/** How much of their fine structure two pictures share that lie on each other. */
export function detailOf(a: Plane, b: Plane, { turn, placement }: Registration): number {
  return sharedDetail(sampleAt(a, placement, b.size), turned(b, turn).values, b.size);
}

/** The pairs among all pictures, from several threads; how many there are changes nothing about the pairs, but their order. */
export async function findLookPairs(
  looks: Uint8Array,
  {
    threads,
    seed,
    onCompared,
    signal,
  }: {
    readonly threads: number;
    readonly seed: number;
    readonly onCompared: (count: number) => void;
    readonly signal: AbortSignal | undefined;
  },
): Promise<LookPair[]> {
  signal?.throwIfAborted();
  const shared = new Uint8Array(new SharedArrayBuffer(looks.length));
  shared.set(looks);
  const shares = (parts: number): LookShare[] =>
    Array.from({ length: parts }, (_, part) => ({ looks: shared, part, parts, seed }));
  const pairs: LookPair[] = [];
  const take = ({ compared, pairs: some }: LookReport): void => {
    pairs.push(...some);
    onCompared(compared);
  };
  const workers = await startThreads("look pairs", shares(threads));
  if (workers === undefined) {
    for (const report of compareLooks(shares(1)[0]!)) {
      take(report);
      await nextTurn();
      signal?.throwIfAborted();
    }
    return pairs;
  }
  try {
    signal?.throwIfAborted();
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
            worker.on("message", (report: LookReport | typeof through) => {
              if (report === through) resolve();
              else take(report);
            });
            worker.on("error", reject);
            worker.on("exit", (code) =>
              reject(new Error(`near duplicates: a worker thread ended early (exit code ${code})`)),
            );
          }),
      ),
    );
    return pairs;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** What a worker does: tells of its share, and when it is through. */
export function serveLookPairs(share: LookShare, port: MessagePort): void {
  for (const report of compareLooks(share)) port.postMessage(report);
  port.postMessage(through);
}
