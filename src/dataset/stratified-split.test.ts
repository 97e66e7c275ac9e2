/** The drawn split: how many of each class, and that the seed alone decides. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { stratifiedSplit } from "./stratified-split.ts";

const labels = fc.array(fc.nat(5), { maxLength: 200 });
const settings = fc.record({ seed: fc.nat(), testFraction: fc.double({ min: 0, max: 0.99, noNaN: true }) });

test("every class keeps a training image and gives its share to test", () => {
  fc.assert(
    fc.property(labels, settings, (given, { seed, testFraction }) => {
      const splits = stratifiedSplit(given, { seed, testFraction });
      expect(splits).toHaveLength(given.length);
      for (const label of new Set(given)) {
        const own = splits.filter((_, i) => given[i] === label);
        const test = own.filter((split) => split === "test").length;
        expect(test).toBeLessThan(own.length);
        if (testFraction > 0 && own.length > 1) expect(test).toBeGreaterThan(0);
        const share = own.length * testFraction;
        if (share >= 1 && share <= own.length - 1) expect(Math.abs(test - share)).toBeLessThanOrEqual(0.5);
        if (testFraction === 0) expect(test).toBe(0);
      }
    }),
  );
});

test("the seed decides, and a class's draw does not depend on the other classes", () => {
  const given = Array.from({ length: 60 }, (_, i) => i % 3);
  const draw = (seed: number, of = given) => stratifiedSplit(of, { seed, testFraction: 0.3 });
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  const alone = given.filter((label) => label === 1);
  expect(draw(7).filter((_, i) => given[i] === 1)).toEqual(draw(7, alone));
});
