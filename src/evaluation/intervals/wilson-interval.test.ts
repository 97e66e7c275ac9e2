/** Wilson's interval against published values and by its properties. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { wilsonInterval } from "./wilson-interval.ts";

it("gives the published interval for 81 of 263", () => {
  // Newcombe 1998, "Two-sided confidence intervals for the single proportion", Table I, method 3.
  const [low, high] = wilsonInterval(81, 263);
  expect(low).toBeCloseTo(0.2553, 4);
  expect(high).toBeCloseTo(0.3662, 4);
});

it("gives the published intervals near the ends", () => {
  // The same table: 15 of 148, 0 of 20, 1 of 29.
  for (const [successes, trials, low, high] of [
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const interval = wilsonInterval(successes, trials);
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  }
});

it("contains the proportion, stays in [0, 1], mirrors and narrows with more trials", () => {
  const proportion = fc
    .integer({ min: 1, max: 1e6 })
    .chain((trials) => fc.tuple(fc.integer({ min: 0, max: trials }), fc.constant(trials)));
  fc.assert(
    fc.property(proportion, ([successes, trials]) => {
      const [low, high] = wilsonInterval(successes, trials);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
      expect(low).toBeLessThanOrEqual(successes / trials);
      expect(high).toBeGreaterThanOrEqual(successes / trials);
      const [mirroredLow, mirroredHigh] = wilsonInterval(trials - successes, trials);
      expect(mirroredLow).toBeCloseTo(1 - high, 12);
      expect(mirroredHigh).toBeCloseTo(1 - low, 12);
      const [moreLow, moreHigh] = wilsonInterval(successes * 4, trials * 4);
      expect(moreHigh - moreLow).toBeLessThan(high - low);
    }),
  );
});

it("covers the true proportion in about 95 % of all samples, summed exactly over the binomial distribution", () => {
  for (const trials of [10, 30, 118]) {
    const logFactorial = (n: number) => Array.from({ length: n }, (_, k) => Math.log(k + 1)).reduce((a, b) => a + b, 0);
    const binomial = Array.from({ length: trials + 1 }, (_, successes) => ({
      interval: wilsonInterval(successes, trials),
      successes,
      ways: logFactorial(trials) - logFactorial(successes) - logFactorial(trials - successes),
    }));
    const coverages = Array.from({ length: 99 }, (_, index) => {
      const chance = (index + 1) / 100;
      return binomial
        .filter(({ interval: [low, high] }) => low <= chance && chance <= high)
        .map(({ successes, ways }) =>
          Math.exp(ways + successes * Math.log(chance) + (trials - successes) * Math.log(1 - chance)),
        )
        .reduce((sum, part) => sum + part, 0);
    });
    // Known of this interval (Brown, Cai and DasGupta 2001): close to 95 % on average, with dips near 0 and 1.
    expect(coverages.reduce((sum, coverage) => sum + coverage, 0) / coverages.length).toBeCloseTo(0.95, 1.7);
    expect(Math.min(...coverages)).toBeGreaterThan(0.83);
  }
});

it("refuses what is no proportion", () => {
  for (const [successes, trials] of [
    [0, 0],
    [-1, 3],
    [4, 3],
    [0.5, 3],
    [1, Number.NaN],
  ] as const) {
    expect(() => wilsonInterval(successes, trials)).toThrow(RangeError);
  }
});
