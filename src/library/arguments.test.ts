/** Every leading function answers a wrong argument with a sentence: what it expected, what came, and an example. */
import { describe, expect, it } from "vitest";
import { ArgumentError, NaevusError } from "../errors.ts";
import { audit } from "./audit.ts";
import { crossValidate } from "./cross-validate.ts";
import { compare, evaluate, judge } from "./evaluate.ts";
import { loadModel } from "./load-model.ts";
import { openDataset } from "./open-dataset.ts";
import { predict } from "./predict.ts";
import { study } from "./study.ts";
import { resume, train } from "./train.ts";

type Anything = (...args: unknown[]) => Promise<unknown>;

/** Each function with good arguments before the wrong one, so that every argument has its turn. */
const functions: readonly (readonly [string, unknown, readonly (readonly unknown[])[]])[] = [
  ["openDataset", openDataset, [[], ["data"]]],
  ["train", train, [[], ["data"], ["data", {}]]],
  ["resume", resume, [[], ["run"]]],
  ["evaluate", evaluate, [[], ["run"], ["run", "data"]]],
  ["judge", judge, [[], ["run"], ["run", "data"]]],
  ["compare", compare, [[], [["a", "b"]], [["a", "b"], "data"]]],
  ["predict", predict, [[], ["run"], ["run", "a.jpg"]]],
  ["loadModel", loadModel, [[], ["run"]]],
  ["crossValidate", crossValidate, [[], ["data"], ["data", {}]]],
  ["audit", audit, [[], ["data"]]],
  ["study", study, [[]]],
];

const wrong = [
  [42, "42"],
  [null, "null"],
  [true, "true"],
  [() => {}, "a function"],
  [Symbol("s"), "a symbol"],
] as const;

describe.each(functions)("%s", (name, call, goods) => {
  it.each(goods.flatMap((good) => wrong.map(([value, words]) => [good.length + 1, words, [...good, value]] as const)))(
    "says what it expected as argument %i, where %s came",
    async (_, words, args) => {
      const calling = (call as Anything)(...args);
      await expect(calling).rejects.toBeInstanceOf(ArgumentError);
      await expect(calling).rejects.toMatchObject({ code: "ERR_NAEVUS_ARGUMENT" });
      await expect(calling).rejects.toThrow(new RegExp(`^${name}: expected .*, got ${words}; such as ${name}\\(`));
    },
  );

  it("says so of an argument that is missing", async () => {
    await expect((call as Anything)()).rejects.toThrow(
      new RegExp(`^${name}: expected .*, got nothing; such as ${name}\\(`),
    );
  });
});

describe("a promise that nobody awaited, an empty list, a wrong list and wrong numbers", () => {
  it.each([
    ["a promise", () => (train as Anything)(Promise.resolve("data")), /got a promise \(await it first\)/],
    ["no runs", () => evaluate([], "data"), /evaluate: expected a run's folder.*got an empty list/],
    ["numbers as runs", () => (evaluate as Anything)([1], "data"), /got a list of 1, the first of them 1/],
    ["numbers as images", () => (predict as Anything)("run", [1, 2]), /predict: expected images.*got a list of 2/],
    ["a data set that is none", () => (train as Anything)({ images: [] }), /train: expected a folder.*got an object/],
    ["text for a stream", () => (audit as Anything)(""), /audit: expected a folder of images.*got ""/],
    [
      "no number of folds",
      () => crossValidate("data", {}, { folds: 1 }),
      /crossValidate: folds: expected a whole number from 2 to 100, got 1/,
    ],
    ["no time", () => study({ data: "data", out: "out", budget: 0 }), /study: budget: expected minutes above 0, got 0/],
    [
      "no folder for a study",
      () => (study as Anything)({ data: "data" }),
      /study: out: expected the folder of the study, got nothing/,
    ],
    [
      "a list of settings",
      () => (train as Anything)("data", [1]),
      /train: expected an object of options, or nothing, got a list of 1/,
    ],
  ])("%s", async (_, call, sentence) => {
    await expect(call()).rejects.toThrow(sentence);
  });

  it.each([
    [
      "train",
      () => (train as Anything)("data", {}, { evaluat: true }),
      /train: evaluat: unknown option; did you mean evaluate\?/,
    ],
    ["train", () => (train as Anything)("data", {}, { signal: 3 }), /train: signal: expected an AbortSignal, got 3/],
    ["resume", () => (resume as Anything)("run", { onEvent: 3 }), /resume: onEvent: expected a function, got 3/],
    [
      "openDataset",
      () => (openDataset as Anything)("data", { sed: 1 }),
      /settings: sed: unknown setting; did you mean seed\?/,
    ],
    ["openDataset", () => (openDataset as Anything)("data", { seed: "x" }), /settings: seed: expected a whole number/],
    [
      "openDataset",
      () => (openDataset as Anything)("data", {}, { onEvnt: 3 }),
      /onEvnt: unknown option; did you mean onEvent/,
    ],
    ["evaluate", () => (evaluate as Anything)("run", "data", { allowSeeen: true }), /did you mean allowSeen\?/],
    ["evaluate", () => (evaluate as Anything)("run", "data", { seed: "x" }), /settings: seed: expected a whole number/],
    [
      "compare",
      () => (compare as Anything)(["a", "b"], "data", { metadata: 5 }),
      /compare: metadata: expected the path of a table/,
    ],
    [
      "loadModel",
      () => (loadModel as Anything)("run", { tta: true }),
      /loadModel: tta: unknown option; expected testTimeAugmentation/,
    ],
    [
      "predict",
      () => (predict as Anything)("run", "a.jpg", { maxPixels: "x" }),
      /predict: maxPixels: expected millions of pixels above 0/,
    ],
    [
      "crossValidate",
      () => (crossValidate as Anything)("data", {}, { fold: 2 }),
      /fold: unknown option; did you mean folds\?/,
    ],
    [
      "audit",
      () => (audit as Anything)("data", { metadata: 7 }),
      /audit: metadata: expected the path of a table, or what readMetadata gives, got 7/,
    ],
    ["study", () => (study as Anything)({ data: "data", out: "out", minutes: 3 }), /study: minutes: unknown option/],
  ])("%s refuses an option that is unknown or of another kind", async (_, call, sentence) => {
    await expect(call()).rejects.toBeInstanceOf(NaevusError);
    await expect(call()).rejects.toThrow(sentence);
  });

  it("knows a setting that is no setting, and a folder that is none, as errors of naevus", async () => {
    await expect((train as Anything)("data", { epochz: 3 })).rejects.toBeInstanceOf(NaevusError);
    await expect(train("/no/such/folder")).rejects.toBeInstanceOf(NaevusError);
    await expect(loadModel(new Uint8Array([1, 2, 3]))).rejects.toThrow(
      /the bytes of a model: .*expected the model.onnx/,
    );
  });
});
