/** Softmax and the training loss: properties, finite differences, and what each pair of options is lowest for (scripts/references has PyTorch's numbers). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { balancedWeights, effectiveNumberWeights, logFrequencies } from "../training/imbalance.ts";
import { type CrossEntropyOptions, softmax, trainingLoss } from "./loss.ts";

const CLASSES = 3;
const logit = fc.double({ min: -50, max: 50, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const rows = (value: fc.Arbitrary<number>) =>
  fc.array(value, { minLength: 2 * CLASSES, maxLength: 2 * CLASSES }).map((values) => Float64Array.from(values));

describe("softmax", () => {
  test("of equal logits is uniform, and of one large logit certain", () => {
    const out = softmax([5, 5, 5, 0, 1000, 0] as unknown as Float64Array, 3, new Float64Array(6));
    expect([...out.subarray(0, 3)].map((p) => p.toFixed(12))).toEqual(Array(3).fill((1 / 3).toFixed(12)));
    expect([...out.subarray(3)]).toEqual([0, 1, 0]);
  });

  test("rows sum to 1 and do not change when a number is added to all logits of a row", () => {
    fc.assert(
      fc.property(rows(logit), logit, (logits, offset) => {
        const probabilities = softmax(logits, CLASSES, new Float64Array(logits.length));
        const moved = softmax(
          logits.map((value) => value + offset),
          CLASSES,
          new Float64Array(logits.length),
        );
        for (let start = 0; start < logits.length; start += CLASSES) {
          const row = probabilities.subarray(start, start + CLASSES);
          expect(row.reduce((sum, p) => sum + p)).toBeCloseTo(1, 12);
        }
        for (const [i, p] of probabilities.entries()) expect(moved[i]).toBeCloseTo(p, 10);
      }),
    );
  });

  test("can be written over the logits", () => {
    const logits = Float32Array.of(1, 2, 3);
    expect(softmax(logits, 3, logits)).toBe(logits);
    expect(logits[2]).toBeCloseTo(0.66524, 5);
  });
});

describe("softmax cross-entropy", () => {
  test("of logits that say nothing is the logarithm of the number of classes", () => {
    const gradient = new Float64Array(4);
    const loss = trainingLoss(new Float64Array(4), Float64Array.of(0, 1, 0, 0), 4, {}, gradient);
    expect(loss).toBeCloseTo(Math.log(4), 12);
    expect([...gradient]).toEqual([0.25, -0.75, 0.25, 0.25]);
  });

  test("a row of zeros changes nothing and gets no gradient", () => {
    const one = new Float64Array(3);
    const two = new Float64Array(6);
    const alone = trainingLoss(Float64Array.of(1, 2, 3), Float64Array.of(0, 1, 0), 3, {}, one);
    const padded = Float64Array.of(1, 2, 3, 9, 9, 9);
    expect(trainingLoss(padded, Float64Array.of(0, 1, 0, 0, 0, 0), 3, {}, two)).toBe(alone);
    expect([...two]).toEqual([...one, 0, 0, 0]);
  });

  test("no targets at all are a loss of 0", () => {
    const gradient = Float64Array.of(1, 1, 1);
    expect(trainingLoss(Float64Array.of(1, 2, 3), new Float64Array(3), 3, { labelSmoothing: 0.1 }, gradient)).toBe(0);
    expect([...gradient]).toEqual([0, 0, 0]);
  });

  test("class weights only matter relative to each other", () => {
    const logits = Float64Array.of(1, 2, 3, 0, -1, 1);
    const targets = Float64Array.of(0, 1, 0, 1, 0, 0);
    const loss = (classWeights: readonly number[]) =>
      trainingLoss(logits, targets, 3, { classWeights }, new Float64Array(6));
    expect(loss([2, 4, 6])).toBeCloseTo(loss([1, 2, 3]), 12);
    expect(loss([1, 0, 1])).toBeCloseTo(-Math.log(1 / (1 + Math.exp(-1) + Math.exp(1))), 12);
  });

  test("logits in the thousands neither overflow nor lose the loss", () => {
    const gradient = new Float64Array(2);
    expect(trainingLoss(Float64Array.of(5000, -5000), Float64Array.of(0, 1), 2, {}, gradient)).toBe(1e4);
    expect([...gradient]).toEqual([1, -1]);
  });
});

describe("training loss", () => {
  const settings = fc.record({
    classWeights: fc.tuple(...[1, 2, 3].map(() => fc.double({ min: 0.1, max: 5, noNaN: true }))),
    focusing: fc.constantFrom(0, 0.5, 1, 2, 5),
    logitOffsets: fc.tuple(...[1, 2, 3].map(() => fc.double({ min: -4, max: 0, noNaN: true }))),
    labelSmoothing: fc.constantFrom(0, 0.1, 0.7),
  });

  test("its gradient is that of finite differences, for every focusing, offset, weight and smoothing", () => {
    fc.assert(
      fc.property(
        rows(fc.double({ min: -5, max: 5, noNaN: true })),
        rows(share),
        settings,
        (logits, targets, options) => {
          fc.pre(targets.some((value) => value > 0.01));
          const gradient = new Float64Array(logits.length);
          const unused = new Float64Array(logits.length);
          trainingLoss(logits, targets, CLASSES, options, gradient);
          const step = 1e-5;
          for (let i = 0; i < logits.length; i++) {
            const moved = (by: number) => {
              const there = logits.slice();
              there[i]! += by;
              return trainingLoss(there, targets, CLASSES, options, unused);
            };
            expect(gradient[i]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 6);
          }
        },
      ),
    );
  });

  test("smoothing of weighted targets: the weight of an image is that of its class, whatever smoothing gives the others", () => {
    const gradient = new Float64Array(4);
    const options = { classWeights: [1, 50], labelSmoothing: 0.2 };
    const loss = trainingLoss(new Float64Array(4), Float64Array.of(1, 0, 0, 1), 2, options, gradient);
    expect(loss).toBeCloseTo(Math.log(2), 12);
    const expected = [0.5 - 0.9, 0.5 - 0.1, 50 * (0.5 - 0.1), 50 * (0.5 - 0.9)].map((value) => value / 51);
    for (const [i, value] of expected.entries()) expect(gradient[i]).toBeCloseTo(value, 12);
  });

  test("focusing: an image of probability 0.5 counts (1 - 0.5)^2 of its cross-entropy (Lin et al. 2017)", () => {
    const gradient = new Float64Array(2);
    expect(trainingLoss(new Float64Array(2), Float64Array.of(1, 0), 2, { focusing: 2 }, gradient)).toBeCloseTo(
      0.25 * Math.log(2),
      12,
    );
  });

  test("focusing stays finite for an image that is certain, right or wrong", () => {
    for (const target of [0, 1]) {
      const gradient = new Float64Array(2);
      const loss = trainingLoss(
        Float64Array.of(800, -800),
        Float64Array.of(target, 1 - target),
        2,
        { focusing: 0.5 },
        gradient,
      );
      expect(loss).toBe(target === 1 ? 0 : 1600);
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });

  test("offsets of log frequencies: logits that say nothing cost what the frequencies say", () => {
    const gradient = new Float64Array(2);
    const logitOffsets = [Math.log(0.9), Math.log(0.1)];
    const loss = trainingLoss(new Float64Array(2), Float64Array.of(0, 1), 2, { logitOffsets }, gradient);
    expect(loss).toBeCloseTo(-Math.log(0.1), 12);
  });
});

/** The three classes of 12 images that all look alike. */
const labels = [...Array(8).fill(0), ...Array(3).fill(1), 2];
const oneHot = (label: number) => [0, 1, 2].map((c) => Number(c === label));
const unmixed = labels.map(oneHot);
/** Each image with the one at the other end, as mixup and CutMix have it. */
const mixed = unmixed.map((row, i) => row.map((value, c) => 0.7 * value + 0.3 * unmixed.at(-1 - i)![c]!));

const weightings: Readonly<Record<string, readonly number[] | undefined>> = {
  "no weights": undefined,
  "class weights": balancedWeights(labels, CLASSES),
  "effective numbers": effectiveNumberWeights(labels, CLASSES, 0.9),
};
const combinations = [0, 0.1, 0.4].flatMap((labelSmoothing) =>
  Object.entries(weightings).flatMap(([weighting, classWeights]) =>
    [
      { name: "cross-entropy" },
      { name: "focal loss", focusing: 2 },
      { name: "logit adjustment", logitOffsets: logFrequencies(labels, CLASSES) },
    ].map(({ name, ...rest }) => ({
      name: `smoothing ${labelSmoothing}, ${weighting}, ${name}`,
      options: { labelSmoothing, classWeights, ...rest } satisfies CrossEntropyOptions,
    })),
  ),
);

/** The logits, the same for all rows and with the mean 0, at which the loss is lowest: by gradient descent. */
function lowest(rows: readonly (readonly number[])[], options: CrossEntropyOptions): number[] {
  const targets = Float64Array.from(rows.flat());
  const gradient = new Float64Array(targets.length);
  let logits = [0, 0, 0];
  for (let step = 0; step < 4000; step++) {
    trainingLoss(Float64Array.from(rows.flatMap(() => logits)), targets, CLASSES, options, gradient);
    logits = logits.map((value, c) => value - rows.reduce((sum, _, i) => sum + gradient[CLASSES * i + c]!, 0));
  }
  return centred(logits);
}

const centred = (logits: readonly number[]) => {
  const mean = logits.reduce((sum, value) => sum + value) / logits.length;
  return logits.map((value) => value - mean);
};

/** Where a falling function reaches `value`, between two numbers. */
function solve(falling: (x: number) => number, value: number, [low, high]: readonly [number, number]): number {
  let [from, to] = [low, high];
  for (let i = 0; i < 200; i++) {
    const middle = (from + to) / 2;
    if (falling(middle) > value) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}

/** The logits that the documentation says are best: U_c h(p_c) is the same for all classes. */
function stated(rows: readonly (readonly number[])[], options: CrossEntropyOptions): number[] {
  const { labelSmoothing: e = 0, classWeights, focusing: g = 0, logitOffsets } = options;
  const w = classWeights ?? [1, 1, 1];
  const s = logitOffsets?.map(Math.exp) ?? w.map(() => 1 / CLASSES);
  const u = [0, 1, 2].map((c) =>
    rows.reduce((sum, m) => {
      const rowWeight = m.reduce((total, part, k) => total + w[k]! * part, 0);
      return sum + (1 - e) * w[c]! * m[c]! + e * s[c]! * rowWeight;
    }, 0),
  );
  const h = (p: number) => (1 - p) ** g / p - g * (1 - p) ** (g - 1) * Math.log(p);
  const at = (level: number) => u.map((each) => solve(h, level / each, [1e-12, 1 - 1e-12]));
  const sumAt = (logLevel: number) => at(Math.exp(logLevel)).reduce((sum, p) => sum + p);
  const probabilities = at(Math.exp(solve(sumAt, 1, [-30, 30])));
  return centred(probabilities.map((p, c) => Math.log(p) - (logitOffsets?.[c] ?? 0)));
}

describe.each(Object.entries({ unmixed, mixed }))("the loss of %s images that look alike", (_, rows) => {
  test.each(combinations.map(({ name, options }) => [name, options] as const))(
    "is lowest where stated: %s",
    (_, options) => {
      const [found, expected] = [lowest(rows, options), stated(rows, options)];
      for (const c of [0, 1, 2]) expect(found[c]).toBeCloseTo(expected[c]!, 4);
    },
  );
});

describe("the loss of one smoothed image is lowest where its own class has the largest logit", () => {
  const smoothed = combinations.filter(({ options }) => options.labelSmoothing > 0);
  test.each(smoothed.map(({ name, options }) => [name, options] as const))("%s", (_, options) => {
    for (const label of [0, 1, 2]) {
      const logits = lowest([oneHot(label)], options);
      expect(logits.indexOf(Math.max(...logits))).toBe(label);
    }
  });
});
