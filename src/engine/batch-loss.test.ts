/** A loss of one's own, in every engine. */
import { describe, expect, test } from "vitest";
import { buildGraph } from "../network/graph.ts";
import { conv2d, dense, flatten, normalize, relu } from "../network/layer.ts";
import { batchLoss } from "./batch-loss.ts";
import type { TrainingPlanOptions } from "./engine.ts";
import { type LossFunction, type LossOptions, trainingLoss } from "./loss.ts";
import { sgd } from "./optimizer.ts";
import { exampleFor } from "./testing/conformance-cases.ts";
import { enginesUnderTest } from "./testing/engines-under-test.ts";

const batch = 3;
const graph = buildGraph({
  name: "own loss",
  input: { channels: 3, height: 6, width: 6 },
  layers: [normalize(), conv2d(4, 3), relu(), flatten(), dense(4)],
});
const { parameters, input, targets } = exampleFor(graph, batch, "soft");

const builtIn: LossFunction = (logits, wanted, classes, gradient) =>
  trainingLoss(logits, wanted, classes, {}, gradient);

/** Two rows of two classes. */
const called = (loss: unknown) => {
  const gradient = new Float32Array(4);
  const value = batchLoss(
    Float32Array.of(1, 2, 3, 4),
    Float32Array.of(1, 0, 0, 1),
    2,
    { loss: loss as LossFunction },
    gradient,
  );
  return { value, gradient: [...gradient] };
};

describe.each(enginesUnderTest)("$title", ({ engine, precision }) => {
  const steps = (options: LossOptions) => {
    const plan = engine.trainingPlan(graph, { batch, precision, optimizer: sgd(), ...options });
    plan.setParameters(parameters);
    const results = [0, 1].map(() => {
      const { loss, logits } = plan.computeGradients(input, targets);
      plan.update(0.1);
      return { loss, logits: logits.slice(), gradients: plan.gradients() };
    });
    plan.dispose();
    return results;
  };

  test("a loss that is the built-in one gives the same bits", () => {
    expect(steps({ loss: builtIn })).toEqual(steps({}));
  });

  test("what it writes to logits and targets stays with it", () => {
    const before = targets.slice();
    const loss: LossFunction = (logits, wanted, classes, gradient) => {
      const value = builtIn(logits, wanted, classes, gradient);
      logits.fill(7);
      wanted.fill(7);
      return value;
    };
    expect(steps({ loss })).toEqual(steps({}));
    expect(targets).toEqual(before);
  });

  test("its gradient is what is trained by", () => {
    const still: LossFunction = (_, __, ___, gradient) => {
      gradient.fill(0);
      return 3;
    };
    const [first, second] = steps({ loss: still });
    expect([first!.loss, second!.loss]).toEqual([3, 3]);
    for (const { data } of first!.gradients.values()) expect(Math.max(...Array.from(data, Math.abs))).toBe(0);
  });

  test("is the only loss, and a function", () => {
    const planWith = (options: object) => () =>
      engine.trainingPlan(graph, { batch, precision, optimizer: sgd(), ...options } as TrainingPlanOptions);
    expect(planWith({ loss: builtIn, labelSmoothing: 0.1 })).toThrow(
      "loss: not together with labelSmoothing, which is of the built-in loss; leave one out",
    );
    expect(planWith({ loss: builtIn, classWeights: [1, 1, 1, 1] })).toThrow(/not together with classWeights/);
    expect(planWith({ loss: builtIn, focusing: 2 })).toThrow(/not together with focusing/);
    expect(planWith({ loss: builtIn, logitOffsets: [0, 0, 0, 0] })).toThrow(/not together with logitOffsets/);
    expect(planWith({ loss: "mse" })).toThrow("loss: expected a function, got string");
  });
});

describe("what a loss gives", () => {
  test("goes on as it is", () => {
    const loss: LossFunction = (logits, wanted, classes, gradient) => {
      for (let i = 0; i < logits.length; i++) gradient[i] = logits[i]! - wanted[i]!;
      return classes;
    };
    expect(called(loss)).toEqual({ value: 2, gradient: [0, 2, 3, 3] });
  });

  test("must be a number", () => {
    expect(() => called(() => undefined)).toThrow("loss: expected the function to return a number, got undefined");
    expect(() => called(async () => 1)).toThrow("got a Promise; it is called at once and can't wait");
    expect(() => called(() => null)).toThrow("got null");
  });

  test("must be a whole gradient of finite numbers", () => {
    const missing: LossFunction = (_, __, ___, gradient) => {
      gradient.fill(0, 0, 3);
      return 1;
    };
    expect(() => called(missing)).toThrow(
      "loss: expected d loss / d logits as finite numbers in all of gradient, got NaN for class 1 of image 1 (counted from 0)",
    );
    const large: LossFunction = (_, __, ___, gradient) => {
      gradient.fill(Number.POSITIVE_INFINITY);
      return 1;
    };
    expect(() => called(large)).toThrow(/got Infinity for class 0 of image 0/);
  });

  test("a loss that is not finite is given on, for the training to end with it", () => {
    expect(called(() => Number.NaN).value).toBeNaN();
    expect(called(() => Number.POSITIVE_INFINITY).value).toBe(Number.POSITIVE_INFINITY);
  });

  test("what it throws is thrown", () => {
    const thrown = new RangeError("mine");
    const throwing = () => {
      throw thrown;
    };
    expect(() => called(throwing)).toThrow(thrown);
  });
});
