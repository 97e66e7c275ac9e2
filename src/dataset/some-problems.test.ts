/** Lists of problems keep one of every kind. */
import { expect, test } from "vitest";
import { someProblems } from "./some-problems.ts";

const notes = Array.from({ length: 600 }, (_, i) => ({ path: `a/${i}.txt`, message: "no image" }));
const gone = { path: "zz", message: "no image in this class folder, class left out" };
const unknown = { path: "table.csv", message: "says nothing of 3 of 9 images" };

test("many problems of one kind do not hide another", () => {
  expect(someProblems([...notes, gone, unknown], 4)).toEqual([notes[0], notes[1], gone, unknown]);
  expect(someProblems([gone, ...notes, unknown], 3)).toEqual([gone, notes[0], unknown]);
});

test("few are listed as they are", () => {
  expect(someProblems([unknown, ...notes.slice(0, 3), gone], 5)).toEqual([unknown, ...notes.slice(0, 3), gone]);
  expect(someProblems(notes, 20)).toEqual(notes.slice(0, 20));
});
