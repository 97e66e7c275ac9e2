/** The random numbers: recorded values, distribution, state, and independence of paths. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "./random.ts";

const first = (random: Random, count: number) => Array.from({ length: count }, () => random.uint32());

// Recorded by scripts/references/random_numbers.py, an implementation of its own.
test("sfc32 gives the recorded numbers", () => {
  expect(first(Random.fromState([1, 2, 3, 4]), 6)).toEqual([7, 34, 56623200, 188882296, 3431242869, 399395954]);
  const ones = [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff] as const;
  expect(first(Random.fromState(ones), 6)).toEqual([
    4294967293, 4286578679, 4286578661, 4154458059, 3921867616, 124114568,
  ]);
});

test.each([
  [[0], [1837390594, 1429735264, 1249306272, 2315583491]],
  [
    [1, 2, 3],
    [3670714211, 951346470, 86605027, 1964093560],
  ],
  [
    [2 ** 40 + 5, 7],
    [105303214, 2705265660, 1719173566, 3319902811],
  ],
])("the path %j gives the recorded numbers", (path, expected) => {
  expect(first(Random.of(...path), 4)).toEqual(expected);
});

test("different paths give different sequences", () => {
  const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const path = fc.array(number, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(path, path, (a, b) => {
      fc.pre(a.join() !== b.join());
      expect(first(Random.of(...a), 4)).not.toEqual(first(Random.of(...b), 4));
    }),
  );
});

test("neighbouring paths are not correlated", () => {
  const starts = Array.from({ length: 20_000 }, (_, i) => Random.of(7, i).uniform() - 0.5);
  const covariance = starts.slice(1).reduce((sum, value, i) => sum + value * starts[i]!, 0) / starts.length;
  expect(Math.abs(covariance * 12)).toBeLessThan(4 / Math.sqrt(starts.length));
});

test("a saved state goes on where it was", () => {
  const random = Random.of(3, 1);
  first(random, 100);
  const resumed = Random.fromState(random.state);
  expect(first(resumed, 10)).toEqual(first(random, 10));
  expect(resumed.state).toEqual(random.state);
});

test("uniform numbers fill [0, 1) evenly", () => {
  const random = Random.of(11);
  const count = 200_000;
  const bins = new Float64Array(50);
  for (let i = 0; i < count; i++) {
    const value = random.uniform();
    expect(value >= 0 && value < 1).toBe(true);
    bins[Math.floor(value * bins.length)]!++;
  }
  const expected = count / bins.length;
  const chiSquare = bins.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
  expect(chiSquare).toBeGreaterThan(24); // both tails of 49 degrees of freedom at about 0.1 %
  expect(chiSquare).toBeLessThan(86);
});

test("whole numbers stay below the limit and reach every value", () => {
  const random = Random.of(12);
  const seen = new Set(Array.from({ length: 1000 }, () => random.integer(7)));
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("normal numbers have mean 0, variance 1 and the normal's tails", () => {
  const random = Random.of(13);
  const count = 200_000;
  const values = Array.from({ length: count }, () => random.normal());
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / count;
  const deviations = 4 / Math.sqrt(count);
  expect(Math.abs(moment(1))).toBeLessThan(deviations);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(deviations * Math.sqrt(2));
  expect(Math.abs(moment(3))).toBeLessThan(deviations * Math.sqrt(15));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(deviations * Math.sqrt(96));
});

test("a shuffle is a permutation, made in place, and every place is as likely", () => {
  const random = Random.of(14);
  const counts = Array.from({ length: 5 }, () => new Float64Array(5));
  for (let i = 0; i < 10_000; i++) {
    const values = [0, 1, 2, 3, 4];
    expect(random.shuffle(values)).toBe(values);
    for (const [place, value] of values.entries()) counts[place]![value]!++;
  }
  for (const row of counts) {
    expect(row.reduce((sum, seen) => sum + seen)).toBe(10_000);
    for (const seen of row) expect(Math.abs(seen - 2000)).toBeLessThan(4 * Math.sqrt(10_000 * 0.2 * 0.8));
  }
});
