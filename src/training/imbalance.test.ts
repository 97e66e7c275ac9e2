/** Strategies against class imbalance: weights by their formulas, epochs by their counts. */
import { describe, expect, it } from "vitest";
import {
  balancedWeights,
  effectiveNumberWeights,
  epochOrder,
  imbalanceNames,
  logFrequencies,
  lossFor,
} from "./imbalance.ts";

/** 20 of class 0, 8 of class 1, none of class 2, 4 of class 3. */
const labels = [...Array(20).fill(0), ...Array(8).fill(1), ...Array(4).fill(3)];

const drawn = (order: Uint32Array): number[] => {
  const counts = [0, 0, 0, 0];
  for (const index of order) counts[labels[index]]!++;
  return counts;
};

describe("weights", () => {
  it("balanced: every class that has images weighs alike", () => {
    const weights = balancedWeights(labels, 4);
    expect([20 * weights[0]!, 8 * weights[1]!, weights[2], 4 * weights[3]!]).toEqual([32 / 3, 32 / 3, 0, 32 / 3]);
  });

  it("effective numbers lie between none and balanced, and have the mean 1", () => {
    const weights = effectiveNumberWeights(labels, 4, 0.9);
    const effective = (n: number) => (1 - 0.9 ** n) / (1 - 0.9);
    expect(weights[3]! / weights[0]!).toBeCloseTo(effective(20) / effective(4), 12);
    expect((weights[0]! + weights[1]! + weights[3]!) / 3).toBeCloseTo(1, 12);
    expect(weights[2]).toBe(0);
    const ratio = (values: number[]) => values[3]! / values[0]!;
    expect(ratio(weights)).toBeGreaterThan(1);
    expect(ratio(weights)).toBeLessThan(ratio(balancedWeights(labels, 4)));
  });

  it("log frequencies are finite for a class without images", () => {
    expect(logFrequencies(labels, 4).map(Math.exp)).toEqual(
      [20, 8, 0.5, 4].map((count) => expect.closeTo(count / 32, 12)),
    );
  });

  it("each strategy changes the loss or the images", () => {
    const plain = [...epochOrder("none", labels, 1, 0)];
    for (const name of imbalanceNames.slice(1)) {
      const loss = Object.keys(lossFor(name, labels, 4));
      const order = [...epochOrder(name, labels, 1, 0)];
      expect([name, loss.length > 0 || order.join() !== plain.join()]).toEqual([name, true]);
    }
  });
});

describe("an epoch", () => {
  it("is as long as there are images, and another one each time, whatever the strategy", () => {
    for (const name of imbalanceNames) {
      const first = epochOrder(name, labels, 1, 0);
      expect(first).toHaveLength(32);
      expect(epochOrder(name, labels, 1, 0)).toEqual(first);
      expect(epochOrder(name, labels, 1, 1)).not.toEqual(first);
    }
  });

  it("holds every image once where nothing is sampled", () => {
    expect([...epochOrder("focal", labels, 1, 0)].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
  });

  it("oversampling draws all classes alike, and every rare image", () => {
    const order = epochOrder("oversample", labels, 3, 5);
    const counts = drawn(order);
    expect(Math.max(counts[0]!, counts[1]!, counts[3]!) - Math.min(counts[0]!, counts[1]!, counts[3]!)).toBeLessThan(2);
    for (let rare = 28; rare < 32; rare++) expect(order).toContain(rare);
    const seen = new Set(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((epoch) => [...epochOrder("oversample", labels, 3, epoch)]),
    );
    expect(seen.size).toBe(32);
  });

  it("undersampling keeps to the same few images of each class", () => {
    const seen = new Set([0, 1, 2, 3, 4].flatMap((epoch) => [...epochOrder("undersample", labels, 3, epoch)]));
    expect(drawn(Uint32Array.from(seen))).toEqual([4, 4, 0, 4]);
  });
});
