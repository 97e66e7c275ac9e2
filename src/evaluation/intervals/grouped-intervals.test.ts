/** Intervals and tests of grouped images against recorded references, published examples and their own properties. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EvaluationError } from "../../errors.ts";
import { differenceInterval, meanDifference, pairedDifference } from "../comparison/paired-difference.ts";
import { signFlip } from "../comparison/sign-flip.ts";
import { numberGroups, separateGroups } from "../image-groups.ts";
import { boundedInterval, groupsOfArea, seenRange } from "./bounded-interval.ts";
import { effectiveSize, kishSize, sizeOfMean } from "./effective-size.ts";
import { meanInterval } from "./mean-of-proportions.ts";
import { percentileTail } from "./percentile-tail.ts";
import { proportion } from "./proportion.ts";
import { scoreInterval, wilsonInterval } from "./wilson-interval.ts";

interface Grouped {
  readonly groups: readonly (readonly number[])[];
  readonly value: number;
  readonly interval: readonly [number, number];
}

/** As scripts/references/grouped_intervals.py writes them. */
const recorded = JSON.parse(
  readFileSync(new URL("../reference-numbers/grouped-intervals.json", import.meta.url), "utf8"),
) as {
  readonly proportions: readonly (Grouped & { readonly effective: number })[];
  readonly signFlips: readonly { readonly differences: readonly number[]; readonly p: number }[];
  readonly pairs: readonly Grouped[];
};

const flat = (groups: readonly (readonly number[])[]) => {
  const values = groups.flat();
  const labels = groups.flatMap((group, label) => group.map(() => label));
  return { values, groups: numberGroups(labels, values.length) };
};

const closeInterval = (actual: readonly [number, number] | null, expected: readonly [number, number]) => {
  expect(actual![0]).toBeCloseTo(expected[0], 9);
  expect(actual![1]).toBeCloseTo(expected[1], 9);
};

const anyGroups = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 30 });

describe("a proportion of grouped images", () => {
  it.each(recorded.proportions)("has the recorded interval: $value", ({ groups, value, effective, interval }) => {
    const images = flat(groups);
    const found = proportion(images.values.map(Boolean), images.groups);
    expect(found.value).toBeCloseTo(value, 12);
    expect(found.effective).toBeCloseTo(effective, 9);
    closeInterval(found.interval, interval);
  });

  it("is Wilson's own where every image stands alone, and never narrower than that", () => {
    fc.assert(
      fc.property(anyGroups, (groups) => {
        const outcomes = groups.flat();
        const right = outcomes.filter(Boolean).length;
        const plain = wilsonInterval(right, outcomes.length);
        const alone = proportion(outcomes, separateGroups(outcomes.length));
        expect(alone).toMatchObject({ count: right, of: outcomes.length, effective: outcomes.length, interval: plain });
        const labels = groups.flatMap((group, label) => group.map(() => label));
        const { effective, interval } = proportion(outcomes, numberGroups(labels, outcomes.length));
        expect(effective!).toBeGreaterThan(0);
        expect(interval![0]).toBeLessThanOrEqual(plain[0] + 1e-12);
        expect(interval![1]).toBeGreaterThanOrEqual(plain[1] - 1e-12);
      }),
    );
  });

  it("does not say 100 to 100 %: of 8 lesions with 6 images each, all right, it says what 8 images say", () => {
    const labels = Array.from({ length: 48 }, (_, image) => Math.floor(image / 6));
    const all = proportion(new Array<boolean>(48).fill(true), numberGroups(labels, 48));
    expect(all.effective).toBeCloseTo(8, 12);
    closeInterval(all.interval, wilsonInterval(8, 8));
    const none = proportion(new Array<boolean>(48).fill(false), numberGroups(labels, 48));
    closeInterval(none.interval, wilsonInterval(0, 8));
  });

  it("counts the images that fall into the whole, and the groups that they are of", () => {
    const outcomes = [true, null, false, true, null, true];
    const found = proportion(outcomes, numberGroups(["a", "a", "b", "b", "c", "d"], 6));
    const rest = proportion([true, false, true, true], numberGroups(["a", "b", "b", "d"], 4));
    expect(found).toEqual(rest);
    const empty = proportion([null], separateGroups(1));
    expect(empty).toEqual({ count: 0, of: 0, value: null, effective: null, interval: null });
  });

  it("stands alone with a single group, which is one opinion", () => {
    const one = proportion([true, true, false], numberGroups(["a", "a", "a"], 3));
    expect(one.effective).toBe(1);
  });
});

describe("scoreInterval", () => {
  it("takes effective numbers, and refuses what are none", () => {
    closeInterval(scoreInterval(0.25, 40), wilsonInterval(10, 40));
    const [low, high] = scoreInterval(0.9, 12.5);
    expect(high - low).toBeLessThan(wilsonInterval(9, 10)[1] - wilsonInterval(9, 10)[0]);
    for (const [value, size] of [
      [1.1, 5],
      [Number.NaN, 5],
      [0.5, 0],
      [0.5, Number.POSITIVE_INFINITY],
    ] as const) {
      expect(() => scoreInterval(value, size)).toThrow(RangeError);
    }
  });
});

describe("meanInterval", () => {
  const of = (right: number, all: number) =>
    proportion(
      Array.from({ length: all }, (_, image) => image < right),
      separateGroups(all),
    );

  it("is that of a single proportion for one, and has a width where all are 1", () => {
    expect(meanInterval([of(7, 9)])).toEqual(of(7, 9).interval);
    const [low, high] = meanInterval([of(5, 5), of(80, 80)])!;
    expect(high).toBe(1);
    // Half the distance of 0.5655, which is Wilson's bound for 5 of 5, hardly more: the large class adds little.
    expect(low).toBeCloseTo(1 - Math.hypot(1 - 0.5655, 1 - 0.9542) / 2, 4);
    expect(meanInterval([of(0, 0)])).toBeNull();
    expect(meanInterval([of(0, 0), of(7, 9)])).toEqual(of(7, 9).interval);
  });
});

describe("signFlip", () => {
  it.each(recorded.signFlips)("counts as one does by hand: $differences", ({ differences, p }) => {
    expect(signFlip(differences)).toBeCloseTo(p, 12);
  });

  const mcnemar = (onlyFirst: number, onlySecond: number) =>
    signFlip([...new Array<number>(onlyFirst).fill(1), ...new Array<number>(onlySecond).fill(-1)]);

  it("gives published p-values of McNemar's exact test where every image stands alone", () => {
    // Armitage and Berry 1994, Statistical Methods in Medical Research, p. 127: 12 and 2 discordant sputum specimens.
    expect(mcnemar(12, 2)).toBeCloseTo(0.0129, 4);
    // Fagerland, Lydersen and Laake 2013, BMC Medical Research Methodology 13:91, Table 1: 1 and 7 discordant children.
    expect(mcnemar(1, 7)).toBeCloseTo(0.0703, 4);
    // The normal approximation of 1,100 against 1,000, with continuity correction: z = 99 / sqrt(2100).
    expect(mcnemar(1100, 1000)).toBeCloseTo(0.0307, 3);
  });

  it("does not take six photographs of a lesion for six opinions", () => {
    // Three lesions cannot tell: of 8 choices of signs 2 are as far from 0.
    expect(signFlip([6, 6, 6])).toBe(0.25);
    expect(mcnemar(18, 0)).toBeLessThan(1e-5);
  });

  it("is a probability, does not care which is first, and is 1 where there is no difference", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -6, max: 6 }), { maxLength: 60 }), (differences) => {
        const p = signFlip(differences);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(signFlip(differences.map((difference) => -difference))).toBeCloseTo(p, 12);
        expect(signFlip([...differences, ...differences.map((difference) => -difference)])).toBeCloseTo(1, 9);
      }),
    );
    expect(() => signFlip([1, 0.5])).toThrow(
      new EvaluationError("signFlip: expected whole numbers of images, got 0.5"),
    );
  });
});

describe("pairedDifference", () => {
  it.each(recorded.pairs)("has the recorded interval: $value", ({ groups, value, interval }) => {
    const images = flat(groups);
    const difference = pairedDifference(images.values, images.groups)!;
    expect(difference.value).toBeCloseTo(value, 12);
    closeInterval(differenceInterval(difference), interval);
  });

  it("has a width where the classifiers never differ, and leaves images out", () => {
    const never = pairedDifference([0, 0, 0, 0, 0], separateGroups(5))!;
    const [low, high] = differenceInterval(never);
    expect(never.value).toBe(0);
    expect(low).toBeLessThan(-0.2);
    expect(high).toBeCloseTo(-low, 12);
    expect(pairedDifference([null, 1, null, 0], separateGroups(4))).toEqual(
      pairedDifference([1, 0], separateGroups(2)),
    );
    expect(pairedDifference([null], separateGroups(1))).toBeNull();
  });

  it("averages over classes as over independent parts", () => {
    const parts = [
      { value: 0.5, centre: 0.4, variance: 0.02 },
      { value: 0, centre: 0, variance: 0.04 },
    ];
    expect(meanDifference(parts)).toEqual({ value: 0.25, centre: 0.2, variance: 0.015 });
  });
});

describe("effective numbers", () => {
  it("are those of groups that speak with one voice", () => {
    expect(kishSize([1, 1, 1])).toBe(3);
    expect(kishSize([4, 4])).toBe(2);
    expect(kishSize([1, 3])).toBeCloseTo(1.6, 12);
    expect(kishSize([0, 5, 0])).toBe(1);
    expect(kishSize([])).toBe(0);
    // The variance of the mean of two proportions of 10 and 40 images, p q (1/10 + 1/40) / 4, is that of 32 images.
    expect(sizeOfMean([1, 1], [10, 40])).toBeCloseTo(32, 12);
    expect(sizeOfMean([10, 40], [10, 40])).toBeCloseTo(50, 12);
    // At the ends of the range there is nothing but the groups.
    expect(effectiveSize({ value: 1, variance: 0, groups: 7 })).toBeCloseTo(7, 12);
    expect(effectiveSize({ value: 0.4, variance: null, groups: 7 })).toBe(7);
  });
});

describe("a bounded figure", () => {
  const unit = { low: 0, high: 1, groups: 20 };

  it("has a width where no resample errs, and stays in its range", () => {
    const perfect = boundedInterval({ value: 1, standardError: 0 }, unit);
    closeInterval(perfect.interval, wilsonInterval(20, 20));
    const coefficient = boundedInterval({ value: 1, standardError: 0 }, { ...unit, low: -1 });
    expect(coefficient.interval![0]).toBeCloseTo(2 * wilsonInterval(20, 20)[0] - 1, 12);
    expect(coefficient.interval![1]).toBe(1);
    expect(boundedInterval({ value: null, standardError: null }, unit)).toEqual({ value: null, interval: null });
    expect(boundedInterval({ value: 0.5, standardError: null }, unit).interval).toEqual(wilsonInterval(10, 20));
  });

  it("is about 1.96 standard errors to each side where there is much to go by", () => {
    const [low, high] = boundedInterval({ value: 0.6, standardError: 0.02 }, { ...unit, groups: 600 }).interval!;
    expect(low).toBeCloseTo(0.56, 2);
    expect(high).toBeCloseTo(0.64, 2);
  });

  it("ranges as far as the values of a mean do, and as far as can be where all are equal", () => {
    expect(seenRange(Float64Array.of(0.1, 0.7, 0.2), 0, 2)).toEqual({ low: 0.1, high: 0.7 });
    expect(seenRange(Float64Array.of(0, 0), 0, 2)).toEqual({ low: 0, high: 2 });
  });

  it("takes an area for that of as many images as Hanley and McNeil's variance says", () => {
    const [area, positives, negatives] = [0.893, 51, 58];
    // As they write it: Q1 and Q2 are the chances that two positives outrank one negative, and one positive two negatives.
    const [q1, q2] = [area / (2 - area), (2 * area ** 2) / (1 + area)];
    const spread = (positives - 1) * (q1 - area ** 2) + (negatives - 1) * (q2 - area ** 2);
    const variance = (area * (1 - area) + spread) / (positives * negatives);
    expect((area * (1 - area)) / groupsOfArea(area, positives, negatives)).toBeCloseTo(variance, 12);
    expect(groupsOfArea(0.9, 0, 5)).toBe(0);
  });
});

it("goes further out where there are few groups to draw from", () => {
  // scipy: norm.cdf(-sqrt(n / (n - 1)) * t.ppf(0.975, n - 1)).
  expect(percentileTail(20)).toBeCloseTo(0.01588, 4);
  expect(percentileTail(6)).toBeCloseTo(0.00243, 4);
  expect(percentileTail(1001)).toBeCloseTo(0.0248, 4);
});
