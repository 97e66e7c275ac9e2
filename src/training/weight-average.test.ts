/** Averages of weights that count up by one with each update: which of them an average holds, and how much of each. */
import { describe, expect, it } from "vitest";
import { WeightAverage } from "./weight-average.ts";

const tensorsOf = (value: number) => new Map([["weight", { shape: [1], data: Float32Array.of(value) }]]);

/** Far from all trained weights, so that any part of it shows. */
const untrained = 1e6;

/** The average after some updates, where weights are the number of the update. */
async function averageAfter(updates: number, stepsPerEpoch: number, decay = 0.99): Promise<number> {
  const average = new WeightAverage(decay, tensorsOf(untrained));
  for (let update = 1; update <= updates; update++) {
    const epoch = Math.floor((update - 1) / stepsPerEpoch);
    const step = update - epoch * stepsPerEpoch;
    await average.follow({ parameters: () => tensorsOf(update) }, { epoch, step, stepsPerEpoch });
  }
  return average.tensors.get("weight")!.data[0]!;
}

describe("the average of weights", () => {
  it.each([1, 2, 3, 4, 5, 7, 64])("holds trained weights alone after an epoch of %i updates", async (updates) => {
    const average = await averageAfter(updates, updates);
    expect(average).toBeGreaterThanOrEqual(Math.min(4, updates));
    expect(average).toBeLessThanOrEqual(updates);
  });

  it("holds the last update of an epoch, however long that is", async () => {
    for (const steps of [3, 4, 5, 6, 7, 8]) {
      const average = new WeightAverage(0.99, tensorsOf(0));
      for (let step = 1; step <= steps; step++) {
        const weights = tensorsOf(step === steps ? 1000 : 0);
        await average.follow({ parameters: () => weights }, { epoch: 0, step, stepsPerEpoch: steps });
      }
      expect(average.tensors.get("weight")!.data[0]).toBeGreaterThan(1);
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
