/** Figures of parts of the images, and of none that are too small. */
import { describe, expect, it } from "vitest";
import { EvaluationError } from "../../errors.ts";
import { ageBand } from "./age-band.ts";
import { judgeSubgroups } from "./subgroups.ts";

/** 40 women, all right; 30 men, half of them right, two photographs a lesion; 5 of unknown sex. */
const images = 75;
const sex = Array.from({ length: images }, (_, image) => (image < 40 ? "female" : image < 70 ? "male" : null));
const truth = Array.from({ length: images }, (_, image) => image % 2);
const options = {
  classes: ["a", "b", "c"],
  truth,
  probabilities: Float32Array.from(
    truth.flatMap((label, image) => {
      const said = image >= 40 && image % 4 < 2 ? 1 - label : label;
      return said === 0 ? [1, 0, 0] : [0, 1, 0];
    }),
  ),
  groups: Array.from({ length: images }, (_, image) => (image < 40 ? null : Math.floor(image / 2))),
};

describe("judgeSubgroups", () => {
  it("states figures of each part that is large enough, unknown last", () => {
    const test = {
      name: "a against the rest",
      threshold: 0.5,
      positive: truth.map((label) => label === 0),
      scores: truth.map((_, image) => options.probabilities[image * 3]!),
    };
    const [bySex] = judgeSubgroups({ ...options, groupings: { sex }, tests: [test] });
    expect(bySex!.grouping).toBe("sex");
    expect(bySex!.subgroups.map(({ name, images: count, groups }) => [name, count, groups])).toEqual([
      ["female", 40, 40],
      ["male", 30, 15],
      [null, 5, 3],
    ]);
    const [female, male, unknown] = bySex!.subgroups.map(({ figures }) => figures);
    expect(unknown).toBeNull();
    expect(female!.accuracy).toMatchObject({ count: 40, of: 40, value: 1 });
    // Of 20 images of each class none is wrong: Wilson's lower bound for each is 0.8389, and the mean is as uncertain as both.
    expect(female!.balancedAccuracy.interval![0]).toBeCloseTo(1 - (1 - 0.8389) / Math.SQRT2, 4);
    expect(female!.balancedAccuracy).toMatchObject({ value: 1, interval: [expect.any(Number), 1] });
    expect(female!.classes).toEqual(["a", "b"]);
    expect(male!.accuracy.count).toBe(14);
    // Both photographs of a lesion are alike right or wrong, so that 30 images say what 15 lesions do.
    expect(male!.accuracy.effective).toBeLessThan(16);
    expect(male!.tests[0]).toMatchObject({ name: "a against the rest", sensitivity: { of: 15 } });
  });

  it("counts parts below the minimum and says nothing else of them", () => {
    const [bySex] = judgeSubgroups({ ...options, groupings: { sex }, minimum: 31 });
    expect(bySex!.minimum).toBe(31);
    expect(bySex!.subgroups.map(({ figures }) => figures === null)).toEqual([false, true, true]);
  });

  it("refuses names that do not fit the images", () => {
    const judge = (change: object) => () => judgeSubgroups({ ...options, groupings: { sex }, ...change });
    expect(judge({ groupings: { site: ["back"] } })).toThrow(
      new EvaluationError("subgroups: site: expected one name per image, got 1 for 75 images"),
    );
    expect(judge({ groups: [1] })).toThrow(new EvaluationError("groups: expected one per image, got 1 for 75 images"));
    expect(judge({ minimum: 0 })).toThrow(
      new EvaluationError("subgroups: expected a minimum of at least one image, got 0"),
    );
  });
});

describe("ageBand", () => {
  it("puts every age in one band, and unknown ages in none", () => {
    expect([0, 29, 30, 44, 45, 59.5, 60, 74, 75, 90].map(ageBand)).toEqual([
      "under 30",
      "under 30",
      "30 to 44",
      "30 to 44",
      "45 to 59",
      "45 to 59",
      "60 to 74",
      "60 to 74",
      "75 and over",
      "75 and over",
    ]);
    expect(ageBand(null)).toBeNull();
    expect(ageBand(Number.NaN)).toBeNull();
  });
});
