/** The grouped bootstrap: its coverage by simulation, and what it does with any figures. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EvaluationError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { rocArea } from "../curves/roc-curve.ts";
import { separateImages } from "../image-groups.ts";
import { type Counts, rankImages } from "../ranking.ts";
import { type BootstrapOptions, clusterBootstrap } from "./cluster-bootstrap.ts";

function meanOf(values: readonly number[]) {
  return (counts: Counts): number => {
    let sum = 0;
    let whole = 0;
    counts.forEach((count, image) => {
      sum += count * values[image]!;
      whole += count;
    });
    return sum / whole;
  };
}

describe("coverage", () => {
  const runs = 400;

  /** 60 lesions with 1 to 4 photographs; a lesion is hard or easy, and its photographs are mostly alike right or wrong. */
  function drawAccuracy(random: Random) {
    const groups: number[] = [];
    const correct: number[] = [];
    for (let lesion = 0; lesion < 60; lesion++) {
      const chance = random.uniform() < 0.5 ? 0.95 : 0.25;
      for (let photograph = random.integer(4); photograph >= 0; photograph--) {
        groups.push(lesion);
        correct.push(random.uniform() < chance ? 1 : 0);
      }
    }
    return { groups, correct };
  }

  it("holds the true accuracy in about 95 % of the runs, where intervals that ignore lesions fail", () => {
    const random = Random.of(1);
    let grouped = 0;
    let separate = 0;
    for (let run = 0; run < runs; run++) {
      const { groups, correct } = drawAccuracy(random);
      const statistic = meanOf(correct);
      const covers = (labels: readonly (number | null)[]) => {
        const [low, high] = clusterBootstrap({ groups: labels, statistic, replicates: 200, random }).interval!;
        return low <= 0.6 && high >= 0.6;
      };
      if (covers(groups)) grouped += 1;
      if (covers(groups.map(() => null))) separate += 1;
    }
    // The standard error of a coverage of 95 % in 400 runs is 1.1 points.
    expect(grouped / runs).toBeGreaterThan(0.91);
    expect(grouped / runs).toBeLessThan(0.98);
    expect(separate / runs).toBeLessThan(0.9);
  });

  it("holds the true AUROC in about 95 % of the runs", () => {
    const random = Random.of(2);
    // Positive scores are normal around 1, negative ones around 0, both of variance 1.25: Φ(1 / sqrt(2.5)) = 0.7365.
    const truth = 0.7365;
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const groups: number[] = [];
      const positive: boolean[] = [];
      const scores: number[] = [];
      for (let lesion = 0; lesion < 80; lesion++) {
        const own = random.normal();
        for (let photograph = random.integer(3); photograph >= 0; photograph--) {
          groups.push(lesion);
          positive.push(lesion % 3 === 0);
          scores.push((lesion % 3 === 0 ? 1 : 0) + own + 0.5 * random.normal());
        }
      }
      const ranking = rankImages(positive, scores);
      const statistic = (counts: Counts) => rocArea(ranking, counts);
      const [low, high] = clusterBootstrap({ groups, statistic, replicates: 200, random }).interval!;
      if (low <= truth && high >= truth) covered += 1;
    }
    expect(covered / runs).toBeGreaterThan(0.9);
    expect(covered / runs).toBeLessThan(0.98);
  });
});

describe("clusterBootstrap", () => {
  it("draws groups whole, as many as there are", () => {
    const groups = ["a", "b", "a", null, 7, "7", null];
    let resamples = 0;
    clusterBootstrap({
      groups,
      replicates: 50,
      random: Random.of(3),
      statistic: (counts) => {
        resamples += 1;
        expect(counts[0]).toBe(counts[2]);
        expect(counts[0]! + counts[1]! + counts[3]! + counts[4]! + counts[5]! + counts[6]!).toBe(6);
        return 0;
      },
    });
    expect(resamples).toBe(51);
  });

  it("estimates every number of any nesting, in its place", () => {
    const values = Array.from({ length: 30 }, (_, image) => image);
    const mean = meanOf(values);
    const estimates = clusterBootstrap({
      groups: separateImages(30),
      random: Random.of(4),
      statistic: (counts) => ({ none: [], list: [mean(counts), { twice: 2 * mean(counts) }] as const }),
    });
    const [once, { twice }] = estimates.list;
    expect(estimates.none).toEqual([]);
    expect(once.value).toBe(14.5);
    expect(twice.value).toBe(29);
    expect(twice.interval).toEqual(once.interval!.map((end) => 2 * end));
    // The standard deviation of the mean is 8.655 / sqrt(30).
    expect(once.interval![0]).toBeCloseTo(14.5 - 1.96 * 1.58, 0);
    expect(once.interval![1]).toBeCloseTo(14.5 + 1.96 * 1.58, 0);
  });

  it("gives the same for the same state of random, and the interval of its quantiles holds nearly all values", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { minLength: 2, maxLength: 40 }), fc.nat(), (values, seed) => {
        const run = () =>
          clusterBootstrap({
            groups: separateImages(values.length),
            statistic: meanOf(values),
            replicates: 40,
            random: Random.of(seed),
          });
        const estimate = run();
        expect(run()).toEqual(estimate);
        const [low, high] = estimate.interval!;
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(Math.min(...values));
        expect(high).toBeLessThanOrEqual(Math.max(...values));
      }),
      { numRuns: 40 },
    );
  });

  it("gives no value where the data give none, and no interval where resamples or groups are too few", () => {
    const options = { random: Random.of(5), replicates: 100 };
    const groups = separateImages(20);
    expect(clusterBootstrap({ ...options, groups, statistic: () => Number.NaN })).toEqual({
      value: null,
      interval: null,
      standardError: null,
    });
    // In a third of the resamples image 0 is not drawn.
    const needsFirst = (counts: Counts) => (counts[0]! > 0 ? 1 : Number.NaN);
    expect(clusterBootstrap({ ...options, groups, statistic: needsFirst })).toEqual({
      value: 1,
      interval: null,
      standardError: null,
    });
    const single = { ...options, groups: ["a", "a"], statistic: () => 1 };
    expect(clusterBootstrap(single)).toEqual({ value: 1, interval: null, standardError: null });
  });

  it("refuses bad input", () => {
    const good = { groups: [1, 2], statistic: () => 0 as number | number[], random: Random.of(6) };
    const refused = (change: Partial<BootstrapOptions<number | number[]>>, message: string) =>
      expect(() => clusterBootstrap<number | number[]>({ ...good, ...change })).toThrow(
        new EvaluationError(`clusterBootstrap: expected ${message}`),
      );
    refused({ groups: [] }, "at least one image, got none");
    refused({ replicates: 39 }, "at least 40 whole replicates, got 39");
    refused({ replicates: 100.5 }, "at least 40 whole replicates, got 100.5");
    let calls = 0;
    refused({ statistic: () => (calls++ === 0 ? [1, 2] : [1]) }, "2 figures of every resample, got 1");
  });
});
