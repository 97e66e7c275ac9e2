/** Averages of weights that count up by one with each update: which of them an average holds, and how much of each. */
import { describe, expect, it } from "vitest";
import { moveAverage } from "../engine/weight-average.ts";
import type { Tensors } from "../tensor.ts";
import { averagedFrom, epochsBeforeAverage, movingAverage } from "./weight-average.ts";

const tensorsOf = (value: number) => new Map([["weight", { shape: [1], data: Float32Array.of(value) }]]);

/** Far from all trained weights, so that any part of it shows. */
const untrained = 1e6;

/** A plan whose weights are what they are told to be. */
function planAt() {
  let average: Tensors = new Map();
  const weights = { value: 0 };
  return {
    weights,
    setAverage(tensors: Tensors) {
      average = structuredClone(tensors);
    },
    updateAverage(keep: number) {
      for (const { data } of average.values()) moveAverage(data as Float32Array, Float32Array.of(weights.value), keep);
    },
    average: () => average,
  };
}

const averageIn = (tensors: Tensors | undefined) => tensors!.get("weight")!.data[0]!;

/** The average after some updates, where weights are the number of the update. */
async function averageAfter(updates: number, stepsPerEpoch: number, decay = 0.99): Promise<number> {
  const plan = planAt();
  const average = movingAverage(plan, decay, tensorsOf(untrained));
  for (let update = 1; update <= updates; update++) {
    const epoch = Math.floor((update - 1) / stepsPerEpoch);
    const step = update - epoch * stepsPerEpoch;
    plan.weights.value = update;
    await average.follow({ epoch, step, stepsPerEpoch });
  }
  return averageIn(await average.tensors());
}

describe("the average of weights", () => {
  it.each([1, 2, 3, 4, 5, 7, 64])("holds trained weights alone after an epoch of %i updates", async (updates) => {
    const average = await averageAfter(updates, updates);
    expect(average).toBeGreaterThanOrEqual(Math.min(4, updates));
    expect(average).toBeLessThanOrEqual(updates);
  });

  it("holds the last update of an epoch, however long that is", async () => {
    for (const steps of [3, 4, 5, 6, 7, 8]) {
      const plan = planAt();
      const average = movingAverage(plan, 0.99, tensorsOf(0));
      for (let step = 1; step <= steps; step++) {
        plan.weights.value = step === steps ? 1000 : 0;
        await average.follow({ epoch: 0, step, stepsPerEpoch: steps });
      }
      expect(averageIn(await average.tensors())).toBeGreaterThan(1);
    }
  });

  it("lags behind by what the decay says, wherever epochs end", async () => {
    // Weights that grow by one a step are averaged to those 1 / (1 - decay) - 1 steps ago; looks every few steps make it less.
    const averages = await Promise.all([100, 103, 6].map((steps) => averageAfter(1800, steps, 0.9)));
    const lags = averages.map((average) => 1800 - average);
    for (const lag of lags) {
      expect(lag).toBeGreaterThan(6.5);
      expect(lag).toBeLessThan(9.1);
    }
  });

  it("follows closely at first: half way at most at the weights of long ago", async () => {
    expect(await averageAfter(40, 100, 0.999)).toBeGreaterThan(30);
  });
});

it("tells after how many epochs there is an average", () => {
  expect(averagedFrom({ averaging: 0.9, swa: 0, epochs: 8 })).toBe(0);
  expect(averagedFrom({ averaging: 0, epochs: 8 })).toBeUndefined();
  expect(averagedFrom({ averaging: 0, swa: 0.75, epochs: 8 })).toBe(7);
  // The last epoch always counts.
  expect(epochsBeforeAverage(0.99, 3)).toBe(2);
});
