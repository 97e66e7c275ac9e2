/** Which name a mistyped one stands for. */
import { expect, it } from "vitest";
import { nearestName } from "./nearest-name.ts";

it.each([
  ["epocs", "epochs"],
  ["learning-rate", "learningRate"],
  ["BATCH", "batch"],
  ["bathc", "batch"],
  ["colour", undefined],
  ["", undefined],
])("%j is near %j", (given, nearest) => {
  expect(nearestName(given, ["epochs", "batch", "learningRate"])).toBe(nearest);
});
