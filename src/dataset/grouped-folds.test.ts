/** Folds: groups whole, classes even, the same every time; on drawn collections of groups. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupedFolds } from "./grouped-folds.ts";

const collections = fc
  .record({
    folds: fc.integer({ min: 2, max: 7 }),
    seed: fc.integer({ min: 0, max: 1000 }),
    groups: fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 6 }), {
      minLength: 1,
      maxLength: 60,
    }),
  })
  .map(({ folds, seed, groups }) => ({
    folds,
    seed,
    labels: groups.flat(),
    groupOf: groups.flatMap((labels, group) => labels.map(() => group)),
  }));

function countsOf(labels: readonly number[], foldOf: readonly number[], folds: number): number[][] {
  const counts = Array.from({ length: folds }, () => new Array<number>(Math.max(...labels) + 1).fill(0));
  for (const [i, label] of labels.entries()) counts[foldOf[i]!]![label]!++;
  return counts;
}

/** The sum that is made small: squared differences from an equal share, in units of the share. */
function unevenness(counts: readonly (readonly number[])[]): number {
  const shares = counts[0]!.map((_, label) => counts.reduce((sum, fold) => sum + fold[label]!, 0) / counts.length);
  return counts
    .flatMap((fold) =>
      fold.map((count, label) => (shares[label]! > 0 ? (count - shares[label]!) ** 2 / shares[label]! : 0)),
    )
    .reduce((a, b) => a + b, 0);
}

describe("groupedFolds", () => {
  it("keeps groups whole and gives every image a fold", () => {
    fc.assert(
      fc.property(collections, (options) => {
        const foldOf = groupedFolds(options);
        expect(foldOf).toHaveLength(options.labels.length);
        const foldOfGroup = new Map<number, number>();
        for (const [i, fold] of foldOf.entries()) {
          expect(fold).toBeGreaterThanOrEqual(0);
          expect(fold).toBeLessThan(options.folds);
          const group = options.groupOf[i]!;
          expect(foldOfGroup.get(group) ?? fold).toBe(fold);
          foldOfGroup.set(group, fold);
        }
      }),
    );
  });

  it("is the same for the same seed", () => {
    fc.assert(
      fc.property(collections, (options) => {
        expect(groupedFolds(options)).toEqual(groupedFolds(options));
      }),
    );
  });

  it("spreads single images of each class to within one", () => {
    fc.assert(
      fc.property(collections, ({ labels, folds, seed }) => {
        const foldOf = groupedFolds({ labels, groupOf: labels.map((_, i) => i), folds, seed });
        const counts = countsOf(labels, foldOf, folds);
        for (const label of new Set(labels)) {
          const ofClass = counts.map((fold) => fold[label]!);
          expect(Math.max(...ofClass) - Math.min(...ofClass)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it("cannot be made more even by moving one group, but for what the folds' sizes weigh", () => {
    fc.assert(
      fc.property(collections, (options) => {
        const { labels, groupOf, folds } = options;
        const foldOf = groupedFolds(options);
        const best = unevenness(countsOf(labels, foldOf, folds));
        for (const group of new Set(groupOf)) {
          for (let fold = 0; fold < folds; fold++) {
            const moved = foldOf.map((before, i) => (groupOf[i] === group ? fold : before));
            const sizes = (of: readonly number[]) =>
              Array.from({ length: folds }, (_, f) => of.filter((its) => its === f).length);
            const sizeTerm = (of: readonly number[]) => {
              const share = labels.length / folds;
              const classes = Math.max(...labels) + 1;
              return sizes(of).reduce((sum, n) => sum + (n - share) ** 2, 0) / (2 * classes * Math.max(1, share));
            };
            const gain = best + sizeTerm(foldOf) - unevenness(countsOf(labels, moved, folds)) - sizeTerm(moved);
            expect(gain).toBeLessThan(1e-6);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("draws other folds from another seed", () => {
    const labels = Array.from({ length: 60 }, (_, i) => i % 3);
    const groupOf = labels.map((_, i) => i);
    expect(groupedFolds({ labels, groupOf, folds: 5, seed: 1 })).not.toEqual(
      groupedFolds({ labels, groupOf, folds: 5, seed: 2 }),
    );
  });

  it("changes places where no single move helps", () => {
    // Dealt largest first, {5, 3} meets {4, 4, ...}: only a swap brings 10 and 10.
    const sizes = [6, 5, 5, 4];
    const groupOf = sizes.flatMap((size, group) => new Array<number>(size).fill(group));
    const foldOf = groupedFolds({ labels: groupOf.map(() => 0), groupOf, folds: 2, seed: 0 });
    expect(
      countsOf(
        groupOf.map(() => 0),
        foldOf,
        2,
      ).flat(),
    ).toEqual([10, 10]);
  });
});
