/** Confident learning: its published example, and labels that were made wrong on purpose. */
import { describe, expect, it } from "vitest";
import { EvaluationError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { temperedProbabilities } from "../calibration/temperature.ts";
import { confidentErrors } from "./confident-errors.ts";
import { confidentLearning, findLabelErrors, jointOfLabels, mostListed } from "./label-errors.ts";

it("gives the published joint distribution of labels", () => {
  // Northcutt, Jiang and Chuang 2021, Figure 1: dog, fox, cow.
  const confident = [
    [100, 40, 20],
    [56, 60, 0],
    [32, 12, 80],
  ];
  const joint = jointOfLabels(confident, [160, 116, 124]);
  const published = [
    [0.25, 0.1, 0.05],
    [0.14, 0.15, 0],
    [0.08, 0.03, 0.2],
  ];
  joint.flat().forEach((share, index) => {
    expect(share).toBeCloseTo(published.flat()[index]!, 10);
  });
});

it("scales rows to the counts of the labels, and takes a row without confident images as right", () => {
  expect(
    jointOfLabels(
      [
        [1, 1],
        [0, 0],
      ],
      [30, 10],
    ),
  ).toEqual([
    [0.375, 0.375],
    [0, 0.25],
  ]);
});

describe("findLabelErrors", () => {
  const classes = ["a", "b", "c"];

  it("finds labels that were changed, and estimates how many", () => {
    const random = Random.of(1);
    const images = 900;
    const honest = Array.from({ length: images }, (_, image) => image % 3);
    const logits = Float32Array.from(
      honest.flatMap((label) => classes.map((_, other) => random.normal() + (label === other ? 4 : 0))),
    );
    const changed = new Set(Array.from({ length: 60 }, (_, index) => index * 15));
    const truth = honest.map((label, image) => (changed.has(image) ? (label + 1) % 3 : label));
    const found = findLabelErrors({ classes, truth, probabilities: temperedProbabilities(logits, 3, 1) });

    const hits = found.candidates.filter(({ image }) => changed.has(image));
    // An image is a candidate only where it is at least as clear as the mean image of the class suggested: about half are.
    expect(hits.length).toBeGreaterThan(30);
    expect(found.candidates.length - hits.length).toBeLessThan(0.2 * hits.length);
    expect(found.estimated).toBeGreaterThan(35);
    expect(found.estimated).toBeLessThan(75);
    const right = hits.filter(({ image, suggested }) => suggested === classes[honest[image]!]);
    expect(right.length).toBe(hits.length);
    const order = found.candidates.map(({ selfConfidence }) => selfConfidence);
    expect(order).toEqual(order.toSorted((left, other) => left - other));
  });

  it("does not suggest a class without images", () => {
    const probabilities = Float32Array.of(0.5, 0.25, 0.25, 0, 0, 1);
    const found = confidentLearning({ classes, truth: [0, 1], probabilities });
    expect(found.thresholds).toEqual([0.5, 0, null]);
    expect(found.candidates).toEqual([]);
  });

  it("gives a weak model's doubts as a ranked list alone, and says why", () => {
    const random = Random.of(2);
    const truth = Array.from({ length: 900 }, (_, image) => image % 3);
    const logits = Float32Array.from(
      truth.flatMap((label) => classes.map((_, other) => random.normal() + (label === other ? 0.6 : 0))),
    );
    const predictions = { classes, truth, probabilities: temperedProbabilities(logits, 3, 1) };
    // No label is wrong, and confident learning would say that hundreds are.
    expect(confidentLearning(predictions).estimated).toBeGreaterThan(200);
    const found = findLabelErrors(predictions);
    expect(found).toMatchObject({ estimated: null, confidentJoint: null });
    expect(found.accuracy).toBeLessThan(0.8);
    expect(found.notEstimated).toBe(
      `the models classify ${(found.accuracy * 100).toFixed(1)} % of these images correctly out of fold; below 80 %, most images ` +
        "that they doubt are merely hard, which says nothing of their labels",
    );
    expect(found.candidates).toEqual(confidentLearning(predictions).candidates.slice(0, mostListed));
  });

  it("refuses predictions that are none", () => {
    expect(() => findLabelErrors({ classes, truth: [3], probabilities: Float32Array.of(1, 0, 0) })).toThrow(
      EvaluationError,
    );
  });
});

describe("confidentErrors", () => {
  it("lists wrong predictions, surest first, with both probabilities", () => {
    const predictions = {
      classes: ["a", "b"],
      truth: [0, 0, 1, 1],
      probabilities: Float32Array.of(0.25, 0.75, 0.875, 0.125, 1, 0, 0.75, 0.25),
    };
    expect(confidentErrors(predictions)).toEqual([
      { image: 2, truth: "b", predicted: "a", confidence: 1, truthProbability: 0 },
      { image: 0, truth: "a", predicted: "b", confidence: 0.75, truthProbability: 0.25 },
      { image: 3, truth: "b", predicted: "a", confidence: 0.75, truthProbability: 0.25 },
    ]);
    expect(confidentErrors(predictions, 1)).toHaveLength(1);
  });
});
