/** What settings come to: optimizers, losses and the preparation of batches. */
import { expect, it } from "vitest";
import { policies } from "../../image/augmentation/policy.ts";
import { plainPreparation } from "../batches.ts";
import { balancedWeights } from "../imbalance.ts";
import { parseSettings } from "./parse.ts";
import { learningRateOf, lossOf, optimizerOf, preparationOf } from "./resolve.ts";

it("has defaults of its own for every optimizer", () => {
  expect(learningRateOf(parseSettings({ optimizer: "sgd" }))).toBe(0.05);
  expect(learningRateOf(parseSettings({ learningRate: 0.2 }))).toBe(0.2);
  expect(optimizerOf(parseSettings({ optimizer: "sgd", momentum: 0.5 }))).toMatchObject({ kind: "sgd", momentum: 0.5 });
  expect(optimizerOf(parseSettings({ optimizer: "adamW" }))).toMatchObject({ kind: "adamW", weightDecay: 0.01 });
  expect(optimizerOf(parseSettings({ weightDecay: 0.1 }))).toMatchObject({ kind: "adam", weightDecay: 0.1 });
});

it("leaves images and labels as they are unless told otherwise", () => {
  expect(preparationOf(parseSettings({}))).toEqual(plainPreparation);
  const settings = parseSettings({ augmentation: "strong", mixup: 0.2, cutmix: 1 });
  expect(preparationOf(settings)).toEqual({ augmentation: policies.strong, mixing: { mixup: 0.2, cutmix: 1 } });
});

it("smooths in the loss, whatever is done about rare classes", () => {
  const lossWith = (input: unknown) => lossOf(parseSettings(input), [0, 0, 0, 1], 2);
  expect(lossWith({})).toEqual({ labelSmoothing: 0 });
  expect(lossWith({ labelSmoothing: 0.1, imbalance: "classWeights" })).toEqual({
    labelSmoothing: 0.1,
    classWeights: balancedWeights([0, 0, 0, 1], 2),
  });
});

it("erases with a probability of its own, or with that of the augmentation", () => {
  const erasing = (input: unknown) =>
    preparationOf(parseSettings(input)).augmentation.steps.flatMap((step) =>
      step.kind === "erase" ? [step.probability] : [],
    );
  expect(erasing({ augmentation: "strong" })).toEqual([0.25]);
  expect(erasing({ augmentation: "strong", randomErasing: 0.5 })).toEqual([0.5]);
  expect(erasing({ augmentation: "strong", randomErasing: 0 })).toEqual([]);
  expect(erasing({ randomErasing: 1 })).toEqual([1]);
  expect(erasing({})).toEqual([]);
});
