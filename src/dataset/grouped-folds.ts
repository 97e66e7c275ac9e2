/** Deals groups of images into folds so that groups stay whole and every class is spread evenly. */

import { Random } from "../random.ts";

/** The images that are divided into folds. */
export interface FoldOptions {
  /** Label of each image, from 0. */
  readonly labels: readonly number[];
  /** Group of each image, from 0. */
  readonly groupOf: readonly number[];
  readonly folds: number;
  readonly seed: number;
}

/** Swaps are tried where there are at most this many pairs of kinds and folds. */
const mostSwaps = 2_000_000;

/**
 * The fold of each image, from 0. Groups are dealt greedily, the largest first and those of one size in an order drawn from the seed,
 * each to the fold that is left least uneven; then groups move, or change places with groups of other make-up, as long as that makes
 * the folds more even. Uneven is the sum of squared differences from an equal share, over folds and classes, each class in units of
 * its share, and with little weight over the folds' sizes. Deterministic; where every image is a group of its own, the counts of a
 * class differ by at most one between folds.
 */
export function groupedFolds({ labels, groupOf, folds, seed }: FoldOptions): number[] {
  const groups = composition(labels, groupOf);
  const board = new Board(labels, folds);
  const order = Random.of(seed).shuffle(groups.map((_, group) => group));
  order.sort((a, b) => groups[b]!.size - groups[a]!.size);

  // Groups of one make-up are alike: the board holds how many of each kind a fold has.
  const kinds = new Map<string, Kind>();
  const kindOf = groups.map(({ counts }) => {
    const key = counts.flat().join(" ");
    const kind = kinds.get(key) ?? { counts, inFold: new Array<number>(folds).fill(0) };
    kinds.set(key, kind);
    return kind;
  });
  for (const group of order) {
    const kind = kindOf[group]!;
    const costs = Array.from({ length: folds }, (_, fold) => board.costOfAdding(kind.counts, fold));
    board.put(kind, costs.indexOf(Math.min(...costs)), 1);
  }
  improve(board, [...kinds.values()], folds);

  const foldOfGroup = new Array<number>(groups.length);
  for (const group of order) {
    const { inFold } = kindOf[group]!;
    const fold = inFold.findIndex((left) => left > 0);
    inFold[fold]!--;
    foldOfGroup[group] = fold;
  }
  return groupOf.map((group) => foldOfGroup[group]!);
}

/** Images by label, as pairs of label and count in the order of labels. */
type Counts = readonly (readonly [label: number, count: number])[];

interface Kind {
  readonly counts: Counts;
  /** Groups of this kind in each fold. */
  readonly inFold: number[];
}

function composition(
  labels: readonly number[],
  groupOf: readonly number[],
): { readonly size: number; readonly counts: Counts }[] {
  const groups: Map<number, number>[] = [];
  for (const [image, label] of labels.entries()) {
    groups[groupOf[image]!] ??= new Map();
    const counts = groups[groupOf[image]!]!;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return groups.map((counts) => ({
    size: [...counts.values()].reduce((a, b) => a + b, 0),
    counts: [...counts].sort(([a], [b]) => a - b),
  }));
}

/** The images of each class in each fold, and how uneven they are. */
class Board {
  readonly #counts: number[][];
  readonly #sizes: number[];
  /** Equal share of each class, and its weight. */
  readonly #share: number[];
  readonly #weight: number[];
  readonly #sizeShare: number;
  readonly #sizeWeight: number;

  constructor(labels: readonly number[], folds: number) {
    const classes = 1 + labels.reduce((a, b) => Math.max(a, b), -1);
    const totals = new Array<number>(classes).fill(0);
    for (const label of labels) totals[label]!++;
    this.#counts = Array.from({ length: folds }, () => new Array<number>(classes).fill(0));
    this.#sizes = new Array<number>(folds).fill(0);
    this.#share = totals.map((total) => total / folds);
    this.#weight = this.#share.map((share) => (share > 0 ? 1 / share : 0));
    this.#sizeShare = labels.length / folds;
    // So small that the sizes of folds never outweigh one image of a class.
    this.#sizeWeight = 1 / (2 * classes * Math.max(1, this.#sizeShare));
  }

  /** How much more uneven the folds become by putting a group there; negative where less. */
  costOfAdding(counts: Counts, fold: number, sign: 1 | -1 = 1): number {
    // (n + c - share)^2 - (n - share)^2 = c (2 (n - share) + c)
    let cost = 0;
    let size = 0;
    for (const [label, count] of counts) {
      const change = sign * count;
      size += change;
      cost += this.#weight[label]! * change * (2 * (this.#counts[fold]![label]! - this.#share[label]!) + change);
    }
    return cost + this.#sizeWeight * size * (2 * (this.#sizes[fold]! - this.#sizeShare) + size);
  }

  /** Puts a group of a kind into a fold, or takes one away. */
  put(kind: Kind, fold: number, sign: 1 | -1): void {
    for (const [label, count] of kind.counts) {
      this.#counts[fold]![label]! += sign * count;
      this.#sizes[fold]! += sign * count;
    }
    kind.inFold[fold]! += sign;
  }
}

/** Less than this is rounding, not an improvement; it also ends the search. */
const least = 1e-9;

function improve(board: Board, kinds: readonly Kind[], folds: number): void {
  const withSwaps = (kinds.length * folds) ** 2 <= mostSwaps;
  for (let improved = true; improved; ) {
    improved = false;
    for (const kind of kinds) {
      for (let from = 0; from < folds; from++) {
        for (let to = 0; to < folds; to++) {
          if (to === from || kind.inFold[from] === 0) continue;
          const gain = board.costOfAdding(kind.counts, from, -1) + board.costOfAdding(kind.counts, to);
          if (gain < -least) {
            board.put(kind, from, -1);
            board.put(kind, to, 1);
            improved = true;
          } else if (withSwaps && swapAway(board, kinds, kind, from, to, gain)) improved = true;
        }
      }
    }
  }
}

/** Moves a group of a kind and takes back one of another kind, where that makes the folds more even. */
function swapAway(board: Board, kinds: readonly Kind[], kind: Kind, from: number, to: number, before: number): boolean {
  board.put(kind, from, -1);
  board.put(kind, to, 1);
  for (const other of kinds) {
    if (other === kind || other.inFold[to] === 0) continue;
    const gain = before + board.costOfAdding(other.counts, to, -1) + board.costOfAdding(other.counts, from);
    if (gain < -least) {
      board.put(other, to, -1);
      board.put(other, from, 1);
      return true;
    }
  }
  board.put(kind, to, -1);
  board.put(kind, from, 1);
  return false;
}
