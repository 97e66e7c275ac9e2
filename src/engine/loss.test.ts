/** Softmax and softmax cross-entropy: properties and finite differences (scripts/references has PyTorch's numbers). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { softmax, softmaxCrossEntropy, trainingLoss } from "./loss.ts";

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
    const loss = softmaxCrossEntropy(new Float64Array(4), Float64Array.of(0, 1, 0, 0), 4, undefined, gradient);
    expect(loss).toBeCloseTo(Math.log(4), 12);
    expect([...gradient]).toEqual([0.25, -0.75, 0.25, 0.25]);
  });

  test("its gradient is that of finite differences, for soft targets and class weights", () => {
    const weight = fc.double({ min: 0.1, max: 5, noNaN: true });
    const weights = fc.tuple(weight, weight, weight);
    fc.assert(
      fc.property(rows(fc.double({ min: -5, max: 5, noNaN: true })), rows(share), weights, (logits, targets, each) => {
        fc.pre(targets.some((value) => value > 0.01));
        const gradient = new Float64Array(logits.length);
        const unused = new Float64Array(logits.length);
        softmaxCrossEntropy(logits, targets, CLASSES, each, gradient);
        for (let i = 0; i < logits.length; i++) {
          const lossAt = (step: number) =>
            softmaxCrossEntropy(
              logits.map((value, k) => (k === i ? value + step : value)),
              targets,
              CLASSES,
              each,
              unused,
            );
          expect((lossAt(1e-5) - lossAt(-1e-5)) / 2e-5).toBeCloseTo(gradient[i]!, 7);
        }
      }),
    );
  });

  test("a row of zeros changes nothing and gets no gradient", () => {
    const one = new Float64Array(3);
    const two = new Float64Array(6);
    const alone = softmaxCrossEntropy(Float64Array.of(1, 2, 3), Float64Array.of(0, 1, 0), 3, undefined, one);
    const padded = Float64Array.of(1, 2, 3, 9, 9, 9);
    expect(softmaxCrossEntropy(padded, Float64Array.of(0, 1, 0, 0, 0, 0), 3, undefined, two)).toBe(alone);
    expect([...two]).toEqual([...one, 0, 0, 0]);
  });

  test("no targets at all are a loss of 0", () => {
    const gradient = Float64Array.of(1, 1, 1);
    expect(softmaxCrossEntropy(Float64Array.of(1, 2, 3), new Float64Array(3), 3, undefined, gradient)).toBe(0);
    expect([...gradient]).toEqual([0, 0, 0]);
  });

  test("class weights only matter relative to each other", () => {
    const logits = Float64Array.of(1, 2, 3, 0, -1, 1);
    const targets = Float64Array.of(0, 1, 0, 1, 0, 0);
    const loss = (weights: readonly number[]) => softmaxCrossEntropy(logits, targets, 3, weights, new Float64Array(6));
    expect(loss([2, 4, 6])).toBeCloseTo(loss([1, 2, 3]), 12);
    expect(loss([1, 0, 1])).toBeCloseTo(-Math.log(1 / (1 + Math.exp(-1) + Math.exp(1))), 12);
  });

  test("logits in the thousands neither overflow nor lose the loss", () => {
    const gradient = new Float64Array(2);
    expect(softmaxCrossEntropy(Float64Array.of(5000, -5000), Float64Array.of(0, 1), 2, undefined, gradient)).toBe(1e4);
    expect([...gradient]).toEqual([1, -1]);
  });
});

describe("training loss", () => {
  const settings = fc.record({
    classWeights: fc.tuple(...[1, 2, 3].map(() => fc.double({ min: 0.1, max: 5, noNaN: true }))),
    focusing: fc.constantFrom(0, 0.5, 1, 2, 5),
    logitOffsets: fc.tuple(...[1, 2, 3].map(() => fc.double({ min: -4, max: 0, noNaN: true }))),
  });

  test("its gradient is that of finite differences, for every focusing, offset and weight", () => {
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

  test("without focusing and offsets is the cross-entropy", () => {
    const logits = Float64Array.of(0.3, -2, 1, 4, 0, -1);
    const targets = Float64Array.of(0.2, 0.8, 0, 0, 0, 1);
    const [one, other] = [new Float64Array(6), new Float64Array(6)];
    const loss = trainingLoss(logits, targets, CLASSES, { classWeights: [1, 2, 3] }, one);
    expect(loss).toBe(softmaxCrossEntropy(logits, targets, CLASSES, [1, 2, 3], other));
    expect(one).toEqual(other);
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
