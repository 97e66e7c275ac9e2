/** Draws the images that a training is validated on: the part that was asked for, of every class, groups whole. */

import { Random } from "../random.ts";

/** The images of which a part is held out. */
export interface HoldoutOptions {
  /** Label of each image, from 0. */
  readonly labels: readonly number[];
  /** Group of each image. */
  readonly groupOf: readonly number[];
  /** In (0, 0.5]. */
  readonly fraction: number;
  readonly seed: number;
}

/** Exchanges of two groups are tried where there are at most this many kinds of them. */
const mostKinds = 300;

/**
 * Whether each image is held out. The whole number that is nearest to `fraction` of the images, at least one, is shared out
 * among the classes by largest remainders; which classes get those and which groups are held out is drawn from the seed. Where
 * groups hold several images, classes come as near to their shares as whole groups allow.
 *
 * Each class keeps an image to train on, so that none of a class of a single group is held out; where all are, nothing is.
 */
export function groupedHoldout({ labels, groupOf, fraction, seed }: HoldoutOptions): boolean[] {
  const random = Random.of(seed);
  const kinds = kindsOf(labels, groupOf, random);
  const totals = countsOf(labels);
  const divisible = totals.map((total, label) =>
    kinds.some(({ counts }) => counts.some(([own, count]) => own === label && count < total)),
  );
  const search = new Search(kinds, totals, shareOut(totals, divisible, fraction, random));
  for (const kind of kinds) search.move(kind, Math.floor(fraction * kind.groups.length));
  while (search.improve());
  if (kinds.every(({ held }) => held === 0)) search.holdOne();
  const held = new Set(kinds.flatMap(({ groups, held }) => groups.slice(0, held)));
  return groupOf.map((group) => held.has(group));
}

/** Groups of one make-up, which are all alike. */
interface Kind {
  /** Images by label. */
  readonly counts: readonly (readonly [label: number, count: number])[];
  readonly groups: readonly number[];
  /** How many of the groups, from the first on, are held out. */
  held: number;
}

function countsOf(labels: readonly number[]): number[] {
  const counts: number[] = [];
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return Array.from(counts, (count) => count ?? 0);
}

function kindsOf(labels: readonly number[], groupOf: readonly number[], random: Random): Kind[] {
  const groups = new Map<number, Map<number, number>>();
  for (const [image, group] of groupOf.entries()) {
    const counts = groups.get(group) ?? new Map<number, number>();
    groups.set(group, counts);
    counts.set(labels[image]!, (counts.get(labels[image]!) ?? 0) + 1);
  }
  const kinds = new Map<string, Kind & { readonly groups: number[] }>();
  const numbers = [...groups.keys()];
  for (const group of random.shuffle(numbers)) {
    const sorted = [...groups.get(group)!].sort(([a], [b]) => a - b);
    const key = sorted.join(" ");
    const kind = kinds.get(key) ?? { counts: sorted, groups: [], held: 0 };
    kinds.set(key, kind);
    kind.groups.push(group);
  }
  return [...kinds.values()];
}

/** How many images of each class are to be held out. */
function shareOut(
  totals: readonly number[],
  divisible: readonly boolean[],
  fraction: number,
  random: Random,
): number[] {
  const exact = totals.map((total, label) => (divisible[label] ? fraction * total : 0));
  const shares = exact.map(Math.floor);
  // Of the images together: a sum of rounded products may miss a half.
  const images = totals.reduce((sum, total, label) => sum + (divisible[label] ? total : 0), 0);
  const wanted = Math.max(1, Math.round(fraction * images));
  const order = random.shuffle(exact.map((_, label) => label));
  order.sort((a, b) => exact[b]! - shares[b]! - (exact[a]! - shares[a]!));
  const left = wanted - shares.reduce((sum, share) => sum + share, 0);
  for (const label of order.slice(0, left)) if (divisible[label]) shares[label]!++;
  return shares;
}

/** Less than this is rounding, not an improvement. */
const least = 1e-9;

/**
 * Groups move in and out, or change places, as long as the classes come nearer to their shares. Far is the sum of squared differences, each in
 * units of its share, and with little weight that of all images.
 */
class Search {
  readonly #kinds: readonly Kind[];
  readonly #totals: readonly number[];
  readonly #shares: readonly number[];
  readonly #held: number[];
  readonly #all: number;
  #heldOfAll = 0;

  constructor(kinds: readonly Kind[], totals: readonly number[], shares: readonly number[]) {
    this.#kinds = kinds;
    this.#totals = totals;
    this.#shares = shares;
    this.#held = totals.map(() => 0);
    this.#all = shares.reduce((sum, share) => sum + share, 0);
  }

  move(kind: Kind, groups: number): void {
    kind.held += groups;
    for (const [label, count] of kind.counts) {
      this.#held[label]! += groups * count;
      this.#heldOfAll += groups * count;
    }
  }

  /** How much farther from the shares a group takes all that is held out; infinitely where it must not move. */
  #costOf(kind: Kind, sign: 1 | -1): number {
    if (sign > 0 ? kind.held === kind.groups.length : kind.held === 0) return Number.POSITIVE_INFINITY;
    let cost = 0;
    let images = 0;
    for (const [label, count] of kind.counts) {
      const [held, share, change] = [this.#held[label]!, this.#shares[label]!, sign * count];
      if (held + change >= this.#totals[label]!) return Number.POSITIVE_INFINITY;
      cost += (change * (2 * (held - share) + change)) / Math.max(1, share);
      images += change;
    }
    const weight = 1 / (2 * this.#totals.length * Math.max(1, this.#all));
    return cost + weight * images * (2 * (this.#heldOfAll - this.#all) + images);
  }

  /** Makes the best move of one group, or else the first exchange that helps; false where there is none. */
  improve(): boolean {
    const moves = this.#kinds.flatMap((kind) =>
      ([1, -1] as const).map((sign) => ({ kind, sign, cost: this.#costOf(kind, sign) })),
    );
    const best = moves.reduce((a, b) => (b.cost < a.cost ? b : a));
    if (best.cost < -least) {
      this.move(best.kind, best.sign);
      return true;
    }
    if (this.#kinds.length > mostKinds) return false;
    return moves.some(({ kind, sign, cost }) => cost < Number.POSITIVE_INFINITY && this.#exchange(kind, sign, cost));
  }

  #exchange(kind: Kind, sign: 1 | -1, cost: number): boolean {
    this.move(kind, sign);
    const back = sign > 0 ? -1 : 1;
    for (const other of this.#kinds) {
      if (other === kind || cost + this.#costOf(other, back) >= -least) continue;
      this.move(other, back);
      return true;
    }
    this.move(kind, -sign);
    return false;
  }

  /** Holds out the group that does the least harm, where every one is too much. */
  holdOne(): void {
    const costs = this.#kinds.map((kind) => this.#costOf(kind, 1));
    const cheapest = Math.min(...costs);
    if (cheapest < Number.POSITIVE_INFINITY) this.move(this.#kinds[costs.indexOf(cheapest)]!, 1);
  }
}
