/** The figures behind an audit: robust outliers, the trivial model, mutual information, distributions. */
import { describe, expect, test } from "vitest";
import { measureNames } from "../near-duplicates/measures.ts";
import type { ContentFacts } from "../near-duplicates/survey.ts";
import { Random } from "../random.ts";
import { type ConfoundSample, findConfounds } from "./confounds.ts";
import { distributionOf } from "./distribution.ts";
import { DiscriminantTrial } from "./linear-discriminant.ts";
import { adjustedMutualInformation } from "./mutual-information.ts";
import { findOutliers, outlierLimit } from "./outliers.ts";

const facts = (
  measures: Partial<Record<(typeof measureNames)[number], number>>,
  other: Partial<ContentFacts> = {},
) => ({
  sha256: "",
  bytes: 1000,
  format: "JPEG" as const,
  width: 100,
  height: 100,
  orientation: 1,
  colourSpace: "srgb",
  transparent: false,
  pages: 1,
  quality: 90,
  measures: Float32Array.from(measureNames, (name) => measures[name] ?? 0),
  ...other,
});

describe("adjusted mutual information", () => {
  test("is what scikit-learn computes", () => {
    // sklearn.metrics.adjusted_mutual_info_score
    expect(adjustedMutualInformation([0, 0, 1, 1], [0, 0, 1, 1])).toBeCloseTo(1, 12);
    expect(adjustedMutualInformation([0, 0, 0, 0], [0, 1, 2, 3])).toBeCloseTo(0, 12);
    expect(adjustedMutualInformation([0, 0, 0, 1, 1, 1, 2, 2], [0, 0, 1, 1, 1, 2, 2, 2])).toBeCloseTo(
      0.31967265056964705,
      9,
    );
    expect(adjustedMutualInformation([0, 1, 0, 1, 0, 1, 0, 1, 2], [0, 0, 1, 1, 0, 0, 1, 1, 1])).toBeCloseTo(
      -0.1263529046757077,
      9,
    );
  });

  test("is about zero for labels that know nothing of each other", () => {
    const random = Random.of(1);
    const draw = (limit: number) => Array.from({ length: 3000 }, () => random.integer(limit));
    expect(Math.abs(adjustedMutualInformation(draw(9), draw(12)))).toBeLessThan(0.01);
  });
});

describe("outliers", () => {
  const normal = (random: Random, count: number) =>
    Array.from({ length: count }, () => facts({ brightness: 100 + 10 * random.normal(), sharpness: random.normal() }));

  test("only what is far out is found, with its score", () => {
    const contents = [...normal(Random.of(2), 500), facts({ brightness: 250 })];
    const found = findOutliers(contents);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ content: 500, what: "brightness", value: 250 });
    expect(found[0]!.score).toBeGreaterThan(12);
    expect(found[0]!.score).toBeLessThan(18);
  });

  test("where nearly all images have one size, another one is far out; where sizes vary, none is", () => {
    const sized = (sizes: readonly number[]) => sizes.map((width) => facts({}, { width, height: width }));
    const [odd] = findOutliers(sized([...Array(200).fill(180), 2000]));
    expect(odd).toMatchObject({ content: 200, what: "size (log2 of pixels)" });
    expect(Math.abs(odd!.score)).toBeGreaterThan(outlierLimit);
    expect(findOutliers(sized([100, 200, 300, 400, 500, 600, 700, 800]))).toEqual([]);
    expect(findOutliers(sized(Array(50).fill(180)))).toEqual([]);
    expect(findOutliers([])).toEqual([]);
  });
});

describe("linear discriminants", () => {
  test("tell apart what differs in the mean, and nothing else", () => {
    const random = Random.of(3);
    const labels = Array.from({ length: 300 }, (_, i) => i % 3);
    const foldOf = labels.map((_, i) => Math.floor(i / 3) % 5);
    const features = (signal: number) =>
      labels.flatMap((label) => [
        signal * label + random.normal(),
        random.normal(),
        7 + signal * (label === 1 ? 4 : 0) + random.normal(),
      ]);
    const right = (predicted: readonly number[]) => predicted.filter((label, i) => label === labels[i]).length / 300;
    expect(right(new DiscriminantTrial(features(3), 3, foldOf).predict(labels, 3))).toBeGreaterThan(0.9);
    const guess = right(new DiscriminantTrial(features(0), 3, foldOf).predict(labels, 3));
    expect(guess).toBeGreaterThan(0.2);
    expect(guess).toBeLessThan(0.47);
  });

  test("bear features that never vary and classes without a sample in a fold", () => {
    const trial = new DiscriminantTrial([1, 5, 2, 5, 3, 5, 4, 5], 2, [0, 0, 1, 1]);
    expect(trial.predict([0, 0, 1, 1], 3)).toEqual([1, 1, 0, 0]);
  });
});

describe("confounds", () => {
  const samples = (signal: number): ConfoundSample[] => {
    const random = Random.of(4);
    return Array.from({ length: 240 }, (_, i) => {
      const label = i % 3;
      return {
        facts: facts({ "border red": 100 + signal * label + 5 * random.normal(), brightness: 120 + random.normal() }),
        label,
        group: i,
        path: `a/ISIC_${String(label * 5000 + i).padStart(7, "0")}.jpg`,
      };
    });
  };

  test("a border that goes with the class is found, and nothing else", () => {
    const found = findConfounds(samples(40), 4)!;
    expect(found).toMatchObject({ samples: 240, classesTried: 3 });
    const by = Object.fromEntries(found.evidence.map((one) => [one.evidence, one]));
    expect(by["border and corners"]!.balancedAccuracy).toBeGreaterThan(0.95);
    expect(by["border and corners"]).toMatchObject({ pValue: 0.01, chance: 1 / 3 });
    expect(by["border and corners"]!.recall[3]).toBeNull();
    expect(by["light and sharpness"]!.pValue).toBeGreaterThan(0.05);
    expect(by["all of these together"]!.balancedAccuracy).toBeGreaterThan(0.95);
  });

  test("ids that go with the class are found", () => {
    const { ids } = findConfounds(samples(0), 3)!;
    expect(ids!.balancedAccuracy).toBeGreaterThan(0.85);
    expect(ids!.adjustedMutualInformation).toBeGreaterThan(0.5);
    expect(ids!.ranges.flatMap(({ counts }) => counts).reduce((a, b) => a + b)).toBe(240);
    expect(
      findConfounds(
        samples(0).map((one, i) => ({ ...one, path: `${i}.jpg` })),
        3,
      )!.ids,
    ).toBeUndefined();
  });

  test("nothing is said where there is too little", () => {
    expect(findConfounds([], 3)).toBeUndefined();
    expect(
      findConfounds(
        samples(40).filter(({ label }) => label === 0),
        3,
      ),
    ).toBeUndefined();
    expect(findConfounds(samples(40).slice(0, 9), 3)).toBeUndefined();
  });
});

test("classes are counted by split and by what the metadata say", () => {
  const images = [
    { label: 0, split: "train" },
    { label: 0, split: "train" },
    { label: 1, split: "train" },
    { label: 0, split: "test" },
  ] as const;
  const found = distributionOf(["a", "b"], images, [
    { age: 83, sex: "male" },
    undefined,
    { age: 39, sex: "female" },
    { age: 40 },
  ]);
  expect(found.all).toEqual({ name: "all", counts: [3, 1], total: 4, imbalanceRatio: 3 });
  expect(found.splits.map(({ name, counts }) => [name, counts])).toEqual([
    ["train", [2, 1]],
    ["test", [1, 0]],
  ]);
  expect(found.by.site).toBeUndefined();
  expect(found.by.sex!.map(({ name, counts }) => [name, counts])).toEqual([
    ["female", [0, 1]],
    ["male", [1, 0]],
    ["unknown", [2, 0]],
  ]);
  expect(found.by.age!.map(({ name }) => name)).toEqual(["20 to 39", "40 to 59", "80 and older", "unknown"]);
});
