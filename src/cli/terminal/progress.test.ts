/** What is odd about a data folder, as lines on a terminal. */
import { expect, test } from "vitest";
import { problemLines } from "./progress.ts";

test("a class that is left out is told beside hundreds of files that are no images", () => {
  const notes = Array.from({ length: 300 }, (_, i) => ({ path: `a/${i}.txt`, message: "not JPEG by its suffix" }));
  const lines = problemLines([...notes, { path: "zz", message: "no image in this class folder, class left out" }]);
  expect(lines).toHaveLength(21);
  expect(lines).toContain("zz: no image in this class folder, class left out");
  expect(lines.at(-1)).toBe("and 281 more");
});
