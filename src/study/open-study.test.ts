/** Settings that a study cannot do, in sentences. */
import { expect, it } from "vitest";
import { SettingsError } from "../errors.ts";
import { studySettings } from "./open-study.ts";

it.each([
  [{ from: "runs/first" }, "from: a study compares recipes that are trained from scratch"],
  [{ freeze: 2 }, "from: a study compares recipes that are trained from scratch"],
  [{ network: "notebook" as const }, "network: all trainings of a study share these settings, and not the network"],
  [{ batch: 1 }, "batch: a study compares class weights and mixup"],
])("refuses %j", (settings, message) => {
  expect(() => studySettings(settings)).toThrow(SettingsError);
  expect(() => studySettings(settings)).toThrow(message);
});
