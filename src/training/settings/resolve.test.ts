/** What settings come to: optimizers, losses and the preparation of batches. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { adam, adamW } from "../../engine/optimizer.ts";
import { policies } from "../../image/augmentation/policy.ts";
import {
  batchNorm,
  concatenate,
  dense,
  flatten,
  gate,
  globalAveragePool,
  type Network,
  normalize,
  residual,
} from "../../network/layer.ts";
import { plainPreparation } from "../batches.ts";
import { balancedWeights } from "../imbalance.ts";
import { parseSettings } from "./parse.ts";
import {
  type architectureOptionsOf,
  learningRateOf,
  type loopOptionsOf,
  lossOf,
  networkOf,
  optimizerOf,
  preparationOf,
} from "./resolve.ts";
import type { SettingName } from "./schema.ts";

type Read<F extends (settings: never, ...rest: never) => unknown> = keyof Parameters<F>[0];

/** All settings but those that these functions read. */
type Unread = Exclude<
  SettingName,
  | Read<typeof networkOf>
  | Read<typeof architectureOptionsOf>
  | Read<typeof lossOf>
  | Read<typeof optimizerOf>
  | Read<typeof learningRateOf>
  | Read<typeof preparationOf>
  | Read<typeof loopOptionsOf>
>;

it("has a reader for every setting", () => {
  // One that is read nowhere does not compile here: it would silently do nothing.
  const elsewhere: Readonly<Record<Unread, string>> = {
    data: "cli/commands/train.ts",
    from: "run/train.ts",
    classMap: "run/data/open-data.ts",
    curation: "run/data/open-data.ts",
    metadata: "run/data/open-data.ts",
    protocol: "run/data/open-data.ts",
    fold: "run/data/open-data.ts",
    groupBy: "run/data/open-data.ts",
    testFraction: "run/data/open-data.ts",
    maxPixels: "run/run-preparation.ts",
    checkpointSeconds: "training/fit.ts",
    tensorboard: "run/run-training.ts",
    hashes: "run/folder/model-file.ts",
    out: "run/train.ts",
    cache: "run/run-preparation.ts",
    geometry: "run/run-preparation.ts",
    resampling: "run/run-preparation.ts",
    engine: "run/train.ts",
    threads: "run/train.ts",
    precision: "training/fit.ts",
    batch: "training/fit.ts",
    validation: "run/data/divide-images.ts",
    keep: "run/run-training.ts",
    recipe: "training/settings/recipes.ts",
    seconds: "run/train.ts",
  };
  for (const [name, file] of Object.entries(elsewhere)) {
    expect(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"), file).toMatch(new RegExp(`\\b${name}\\b`));
  }
});

it("has defaults of its own for every optimizer", () => {
  expect(learningRateOf(parseSettings({ optimizer: "sgd" }))).toBe(0.05);
  expect(learningRateOf(parseSettings({ learningRate: 0.2 }))).toBe(0.2);
  expect(optimizerOf(parseSettings({ optimizer: "sgd", momentum: 0.5 }))).toMatchObject({ kind: "sgd", momentum: 0.5 });
  expect(optimizerOf(parseSettings({ optimizer: "adamW" }))).toMatchObject({ kind: "adamW", weightDecay: 0.01 });
  expect(optimizerOf(parseSettings({ weightDecay: 0.1 }))).toMatchObject({ kind: "adam", weightDecay: 0.1 });
  expect(optimizerOf(parseSettings({}))).toEqual(adam());
  expect(optimizerOf(parseSettings({ optimizer: "sgd", nesterov: true, clipNorm: 2 }))).toEqual({
    kind: "sgd",
    momentum: 0.9,
    weightDecay: 0,
    nesterov: true,
    clipNorm: 2,
  });
  expect(optimizerOf(parseSettings({ optimizer: "rmsProp", rho: 0.9, momentum: 0.5, centralize: true }))).toMatchObject(
    {
      kind: "rmsProp",
      rho: 0.9,
      momentum: 0.5,
      centralize: true,
    },
  );
  expect(optimizerOf(parseSettings({ optimizer: "lion", clipValue: 0.5 }))).toMatchObject({ clipValue: 0.5 });
  expect(learningRateOf(parseSettings({ optimizer: "lion" }))).toBe(1e-4);
});

it("gives Adam its numbers, and a network its initialisation and its normalisation's", () => {
  const keras = { beta1: 0.8, beta2: 0.99, epsilon: 1e-7 };
  expect(optimizerOf(parseSettings(keras))).toEqual(adam(keras));
  expect(optimizerOf(parseSettings({ ...keras, optimizer: "adamW" }))).toEqual(adamW(keras));
  expect(optimizerOf(parseSettings({}))).toEqual(adam());

  const network: Network = {
    name: "nested",
    input: { channels: 3, height: 4, width: 4 },
    layers: [
      normalize(),
      residual([batchNorm(), gate([globalAveragePool()])], [batchNorm()]),
      concatenate([[], [batchNorm()]]),
      flatten(),
      dense(2),
    ],
  };
  const made = (input: object) => networkOf(parseSettings({ network, ...input }), { classes: 2 });
  const norm = batchNorm({ momentum: 0.01, epsilon: 0.001 });
  const [first, , , ...last] = network.layers;
  expect(made({ initialization: "glorotUniform", normalizationMomentum: 0.01, normalizationEpsilon: 0.001 })).toEqual({
    ...network,
    initialization: "glorotUniform",
    layers: [first, residual([norm, gate([globalAveragePool()])], [norm]), concatenate([[], [norm]]), ...last],
  });
  expect(made({ normalizationEpsilon: 0.001 }).layers[1]).toEqual(
    residual([batchNorm({ epsilon: 0.001 }), gate([globalAveragePool()])], [batchNorm({ epsilon: 0.001 })]),
  );
  expect(made({})).toEqual(network);
});

it("refuses numbers that nothing has", () => {
  const refused = (input: object) => () => parseSettings(input);
  expect(refused({ optimizer: "sgd", beta2: 0.9 })).toThrow(
    "beta2: only adam, adamW, lion have it, and the optimizer is sgd; leave it out",
  );
  expect(refused({ momentum: 0.9 })).toThrow(
    "momentum: only sgd, rmsProp have it, and the optimizer is adam; leave it out",
  );
  expect(refused({ network: "notebook", normalizationEpsilon: 0.001 })).toThrow(
    "normalizationEpsilon: is of batch normalisation, and the network notebook has none; leave it out",
  );
  expect(refused({ initialization: "glorot_uniform" })).toThrow(
    /initialization: expected one of heNormal.*did you mean/,
  );
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
