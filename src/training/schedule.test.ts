/** The learning rate's course. */
import { expect, it } from "vitest";
import { learningRateAt } from "./schedule.ts";

const rates = (name: "cosine" | "constant", warmupSteps: number, totalSteps: number) =>
  Array.from({ length: totalSteps }, (_, step) => learningRateAt(step, { name, peak: 2, warmupSteps, totalSteps }));

it("rises in a line, then falls as half a cosine", () => {
  const course = rates("cosine", 4, 12);
  expect(course.slice(0, 4)).toEqual([0.5, 1, 1.5, 2]);
  course.slice(4).forEach((rate, i) => {
    expect(rate).toBeCloseTo(1 + Math.cos((Math.PI * i) / 8), 12);
  });
});

it("stays where it should be constant", () => {
  expect(rates("constant", 2, 5)).toEqual([1, 2, 2, 2, 2]);
});

it("starts at the peak without warm-up and never spends more than half of the run on it", () => {
  expect(rates("cosine", 0, 3)[0]).toBe(2);
  expect(rates("constant", 100, 5)).toEqual([1, 2, 2, 2, 2]);
  expect(rates("cosine", 100, 1)).toEqual([2]);
});
