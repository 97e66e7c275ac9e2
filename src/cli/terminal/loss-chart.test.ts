/** The chart of losses in characters. */
import { expect, test } from "vitest";
import type { EpochMetrics } from "../../training/progress.ts";
import { lossChart } from "./loss-chart.ts";

const epochsOf = (losses: readonly number[], validation: readonly number[] = []): EpochMetrics[] =>
  losses.map((loss, i) => ({
    ...{ epoch: i + 1, loss, accuracy: 0.5, learningRate: 0.001, images: 64, seconds: 1, imagesPerSecond: 64 },
    ...(validation[i] !== undefined && { validationLoss: validation[i], validationAccuracy: 0.5 }),
  }));

test("runs from left to right up to where the training is, and leaves room for the rest", () => {
  const chart = lossChart(epochsOf([2, 1.5, 1, 0.5], [1.5, 1.25, 1.25, 1.5]), { epochs: 7, columns: 41, rows: 4 });
  expect(chart.join("\n")).toBe(
    [
      "   2.000 |***",
      "         |ooooo***   ooooo",
      "         |     oooooo**",
      "   0.500 |             ***",
      "         +-------------------------------",
      "          1                             7",
      "          * training loss   o validation loss",
    ].join("\n"),
  );
});

test("of one epoch is a point, of none nothing", () => {
  expect(lossChart([], { epochs: 3, columns: 80 })).toEqual([]);
  const one = lossChart(epochsOf([2]), { epochs: 1, columns: 30, rows: 2 });
  expect(one[1]).toBe(`   2.000 |${"*".repeat(20)}`);
});

test("stays within its columns", () => {
  const losses = Array.from({ length: 500 }, (_, i) => 3 / (i + 1));
  for (const columns of [20, 50, 80, 200]) {
    for (const line of lossChart(epochsOf(losses), { epochs: 500, columns })) {
      expect(line.length).toBeLessThanOrEqual(Math.max(columns, 30));
    }
  }
});
