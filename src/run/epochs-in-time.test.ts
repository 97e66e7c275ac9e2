/** Trainings that are given a time: their epochs follow from the speed, which a clock of the test's own decides. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { type ArchitectureOptions, imageInput } from "../network/architectures.ts";
import { dense, flatten, type Network, normalize } from "../network/layer.ts";
import type { TrainSettings } from "../training/settings/train-settings.ts";
import { crossValidate } from "./cross-validate.ts";
import { readConfig } from "./folder/run-config.ts";
import { data, dataset, folder, settings } from "./testing/small-run.ts";
import { train } from "./train.ts";

const network = ({ classes }: ArchitectureOptions): Network => ({
  name: "tiny",
  input: imageInput(8),
  layers: [normalize(), flatten(), dense(classes)],
});
const timed = () => ({ ...settings, network, epochs: undefined }) satisfies TrainSettings;

/** A machine on which every look at the clock takes so many milliseconds. */
const clockOf = (milliseconds: number) => {
  let now = 0;
  return () => {
    now += milliseconds;
    return now;
  };
};

/** The settings that a training begins with, which then stops. */
async function begun(input: TrainSettings, milliseconds: number) {
  const out = join(folder, `${JSON.stringify(input).length}-${milliseconds}-${input.seconds}`);
  const stop = new AbortController();
  const onEvent = ({ kind }: { readonly kind: string }) => {
    if (kind === "begin") stop.abort();
  };
  await train(
    dataset,
    { ...timed(), ...input, out },
    { signal: stop.signal, stopwatch: clockOf(milliseconds), onEvent },
  );
  return (await readConfig(out)).settings;
}

it("has as many epochs as there is time for, at least one", async () => {
  const { epochs, seconds } = await begun({ seconds: 1000 }, 1000);
  expect(seconds).toBe(1000);
  expect(epochs).toBeGreaterThan(20);
  const { epochs: double } = await begun({ seconds: 2000 }, 1000);
  // Measuring takes as long in both, so that twice the time holds at least twice the epochs.
  expect(double).toBeGreaterThanOrEqual(2 * epochs);
  expect((await begun({ seconds: 1 }, 1000)).epochs).toBe(1);
});

it("has at most the recipe's epochs, and what the recipe says for so many, unless that is given", async () => {
  expect(await begun({ recipe: "fast", seconds: 1e6 }, 1)).toMatchObject({ epochs: 100, cutmix: 1, warmupEpochs: 5 });
  const short = await begun({ recipe: "fast", seconds: 25, warmupEpochs: 0.25 }, 1000);
  expect(short.epochs).toBeLessThan(30);
  expect(short).toMatchObject({ cutmix: 0, warmupEpochs: 0.25, recipe: "fast" });
});

it("trains every fold for the epochs that the first had time for, also when it goes on", async () => {
  const out = join(folder, "folds");
  const stop = new AbortController();
  let begins = 0;
  const given = { ...timed(), recipe: "fast", seconds: 20, out } as const;
  const first = await crossValidate(data, given, {
    folds: 2,
    stopwatch: clockOf(1000),
    signal: stop.signal,
    onEvent: ({ kind }) => {
      if (kind === "begin" && ++begins === 2) stop.abort();
    },
  });
  expect(first.evaluation).toBeUndefined();
  const { evaluation } = await crossValidate(data, given, { folds: 2, stopwatch: clockOf(1) });
  expect(evaluation?.folds).toHaveLength(2);
  const [one, other] = await Promise.all(["fold-0", "fold-1"].map((fold) => readConfig(join(out, fold))));
  expect(one!.settings.epochs).toBeLessThan(30);
  expect(other!.settings).toMatchObject({
    epochs: one!.settings.epochs,
    warmupEpochs: one!.settings.warmupEpochs,
    cutmix: 0,
  });
});
