/** Digests of the images that a model learned from: they survive the file, and nothing else is read as some. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { digestOf, formatLearnedImages, type LearnedImages, parseLearnedImages } from "./learned-images.ts";

const digest = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const set = fc.array(digest, { maxLength: 50 }).map((list) => new Set(list));

it("takes the first 48 bits of a hash, exactly", () => {
  expect(digestOf("ffffffffffff".padEnd(64, "0"))).toBe(2 ** 48 - 1);
  expect(digestOf("000000000001".padEnd(64, "f"))).toBe(1);
});

it("writes and reads back any sets, eight characters a digest", () => {
  const learned = fc.record({
    train: set,
    validation: set,
    test: fc.array(fc.tuple(digest, fc.subarray([0, 1, 1, 2], { minLength: 1 }))).map((list) => new Map(list)),
    counts: fc.record({ train: fc.nat(), validation: fc.nat(), test: fc.nat() }),
    lesions: set,
    patients: set,
  });
  fc.assert(
    fc.property(learned, (images: LearnedImages) => {
      const text = formatLearnedImages(images, 3);
      expect(parseLearnedImages(text)).toEqual(images);
      const { train, validation, test, lesions, patients } = images;
      const tested = [...test.values()].flat().length;
      const count = train.size + validation.size + tested + lesions.size + patients.size;
      expect(text.length).toBeLessThan(8 * count + 300);
    }),
  );
});

it("does not tell the order of the images", () => {
  const one = {
    train: new Set([1, 2]),
    validation: new Set<number>(),
    test: new Map(),
    counts: { train: 0, validation: 0, test: 0 },
    lesions: new Set<number>(),
    patients: new Set<number>(),
  };
  expect(formatLearnedImages({ ...one, train: new Set([2, 1]) }, 2)).toBe(formatLearnedImages(one, 2));
});

const without = (counts: unknown) =>
  JSON.stringify({ train: "", validation: "", test: [], counts, lesions: "", patients: "" });

it.each([
  "",
  "no JSON",
  "{}",
  '{"train":"AA=="}',
  without(undefined),
  without({ train: "9", validation: 0, test: -1 }),
])("reads %j as nothing", (text) => {
  expect(parseLearnedImages(text)).toBeUndefined();
});
