/** The learning rate's course. */
import { expect, it } from "vitest";
import { TrainingError } from "../errors.ts";
import { learningRateAt, type Schedule, type SchedulePosition } from "./schedule.ts";

const rates = (schedule: Schedule["schedule"], warmupSteps: number, totalSteps: number) =>
  Array.from({ length: totalSteps }, (_, step) =>
    learningRateAt(step, { schedule, peak: 2, warmupSteps, totalSteps, stepsPerEpoch: 2 }),
  );

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

it("is what a function says, warm-up included, which is told where the training stands", () => {
  const told: SchedulePosition[] = [];
  const halves = (position: SchedulePosition) => {
    told.push(position);
    return 0.5 ** position.epoch;
  };
  expect(rates(halves, 100, 5)).toEqual([2, 2, 1, 1, 0.5]);
  expect(told[3]).toEqual({ step: 3, totalSteps: 5, epoch: 1, stepsPerEpoch: 2, warmupSteps: 2 });
});

it.each([
  [-1, "-1"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  [undefined, "nothing"],
  ["1", '"1"'],
  [Promise.resolve(1), "a promise (await it first)"],
])("refuses a function that gives %s, and names the step", (factor, words) => {
  const schedule = ({ step }: SchedulePosition) => (step < 3 ? 1 : (factor as number));
  expect(() => rates(schedule, 0, 5)).toThrow(
    new TrainingError(
      `schedule: the function gave ${words} in epoch 2, step 2; expected a finite number of at least 0, by which the highest ` +
        "learning rate is multiplied",
    ),
  );
});
