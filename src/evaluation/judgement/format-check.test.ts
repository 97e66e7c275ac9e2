/** What is said of the judged images in a terminal. */
import { expect, it } from "vitest";
import { checkLines } from "./format-check.ts";
import type { JudgedCheck } from "./judged-check.ts";

const nothing: JudgedCheck = {
  comparedBy: ["content"],
  seen: { content: 0, lesion: 0, patient: 0 },
  leftOut: { content: 0, lesion: 0, patient: 0, missing: 0 },
  leftOutImages: [],
  newImages: 0,
  otherLabels: 0,
};

it("has nothing to say of images that are all there and new to the model", () => {
  expect(checkLines(nothing, "official")).toEqual([]);
});

it("says what the run did not use, and whose class is another one in the folder", () => {
  const lines = checkLines({ ...nothing, newImages: 2, otherLabels: 1 }, "official");
  expect(lines).toEqual([
    "not judged, because the run did not use them (new, unreadable, or left out by its plan or map): 2 images; --protocol external judges those that it can",
    "judged by the class that they had in the run, not by their folder's: 1 image",
  ]);
});
