/** Durations as people say them. */
import { expect, it } from "vitest";
import { formatDuration } from "./duration.ts";

it.each([
  [0.2, "0 s"],
  [59.4, "59 s"],
  [59.6, "1 min 0 s"],
  [185, "3 min 5 s"],
  [7800, "2 h 10 min"],
])("says %d seconds as %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
