/** The learning rate's course. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { TrainingError } from "../errors.ts";
import {
  learningRateAt,
  type Schedule,
  type ScheduleNumbers,
  type SchedulePosition,
  scheduleNames,
} from "./schedule.ts";

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

const recorded: {
  readonly stepsPerEpoch: number;
  readonly peak: number;
  readonly losses: readonly number[];
  readonly schedules: Readonly<Record<string, readonly number[]>>;
} = JSON.parse(readFileSync(new URL("./reference-numbers/schedules.json", import.meta.url), "utf8"));

it.each<[string, Pick<Schedule, "schedule"> & ScheduleNumbers, number]>([
  ["cosine", { schedule: "cosine" }, 0],
  ["step", { schedule: "step", stepEpochs: 5, gamma: 0.3 }, 0],
  ["polynomial", { schedule: "polynomial", power: 0.9 }, 0],
  ["oneCycle", { schedule: "oneCycle" }, 0],
  ["oneCycle", { schedule: "oneCycle" }, 8],
  ["warmRestarts", { schedule: "warmRestarts", cycleEpochs: 2 }, 0],
  // By default three cycles, each twice as long as the one before: 2, 4 and 8 epochs.
  ["warmRestarts", { schedule: "warmRestarts" }, 0],
  ["warmRestartsEqual", { schedule: "warmRestarts", cycleEpochs: 3, cycleFactor: 1 }, 0],
  ["plateau", { schedule: "plateau", plateauPatience: 2, gamma: 0.3 }, 0],
  ["warmupStep", { schedule: "step", stepEpochs: 3, gamma: 0.3 }, 8],
])("has the rates of PyTorch's scheduler: %s %j", (name, chosen, warmupSteps) => {
  const { stepsPerEpoch, peak, losses, schedules } = recorded;
  const course = schedules[name]!;
  const common = { ...chosen, peak, warmupSteps, totalSteps: course.length, stepsPerEpoch };
  course.forEach((rate, step) => {
    const finished = losses.slice(0, Math.floor(step / stepsPerEpoch));
    expect(learningRateAt(step, common, finished), `step ${step}`).toBeCloseTo(rate, 12);
  });
});

it.each(scheduleNames)("%s is finite and never above the peak, however short the run", (schedule) => {
  for (const totalSteps of [1, 2, 3, 7]) {
    for (const rate of rates(schedule, 1, totalSteps)) {
      expect(rate).toBeGreaterThanOrEqual(0);
      expect(rate).toBeLessThanOrEqual(2);
    }
  }
});
