/** The drawn split: how many of each class, and that contents and seed alone decide. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DrawnImage, stratifiedSplit } from "./stratified-split.ts";

const settings = fc.record({ seed: fc.nat(), testFraction: fc.double({ min: 0, max: 0.99, noNaN: true }) });
/** Labels of images that stand alone, each with a content of its own. */
const alone = (labels: readonly number[]): DrawnImage[] =>
  labels.map((label, i) => ({ label, content: `content ${i}`, group: i }));
/** Groups of one to four images, as [label, images]. */
const groups = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 4 })), { maxLength: 60 });
const grouped = (given: readonly (readonly [number, number])[], name = ""): DrawnImage[] =>
  given.flatMap(([label, size], group) =>
    Array.from({ length: size }, (_, i) => ({ label, content: `${name}${group} ${i}`, group })),
  );

test("every class keeps a training image and gives its share to test", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { maxLength: 200 }), settings, (labels, options) => {
      const splits = stratifiedSplit(alone(labels), options);
      expect(splits).toHaveLength(labels.length);
      for (const label of new Set(labels)) {
        const own = splits.filter((_, i) => labels[i] === label);
        const drawn = own.filter((split) => split === "test").length;
        const share = Math.round(own.length * options.testFraction);
        expect(drawn).toBe(options.testFraction === 0 ? 0 : Math.min(own.length - 1, Math.max(1, share)));
      }
    }),
  );
});

test("groups stay whole", () => {
  fc.assert(
    fc.property(groups, settings, (given, options) => {
      const images = grouped(given);
      const splits = stratifiedSplit(images, options);
      const sides = new Set(splits.map((split, i) => `${images[i]!.group} ${split}`));
      expect(sides.size).toBe(given.length);
    }),
  );
});

describe("what moves when the folder changes", () => {
  const byContent = (images: readonly DrawnImage[], options: { seed: number; testFraction: number }) =>
    new Map(stratifiedSplit(images, options).map((split, i) => [images[i]!.content, { split, ...images[i]! }]));

  test("nothing when the images come in another order, as renamed files do", () => {
    fc.assert(
      fc.property(groups, settings, fc.nat(), (given, options, by) => {
        const images = grouped(given);
        const turned = [...images.slice(by % (images.length || 1)), ...images.slice(0, by % (images.length || 1))];
        expect(byContent(turned, options)).toEqual(byContent(images, options));
      }),
    );
  });

  test("at most one other group of its class when an image is added", () => {
    fc.assert(
      fc.property(groups, settings, fc.nat(3), (given, options, label) => {
        const images = grouped(given);
        const before = byContent(images, options);
        const after = byContent([...images, { label, content: "added", group: given.length }], options);
        const moved = new Set(
          images.flatMap(({ content, group }) =>
            before.get(content)!.split === after.get(content)!.split ? [] : [group],
          ),
        );
        expect(moved.size).toBeLessThanOrEqual(1);
        for (const group of moved) expect(images.find((image) => image.group === group)!.label).toBe(label);
      }),
    );
  });

  test("the seed decides, and a class's draw does not depend on the other classes", () => {
    const images = alone(Array.from({ length: 60 }, (_, i) => i % 3));
    const draw = (seed: number, of = images) => stratifiedSplit(of, { seed, testFraction: 0.3 });
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    const own = images.filter(({ label }) => label === 1);
    expect(draw(7).filter((_, i) => images[i]!.label === 1)).toEqual(draw(7, own));
  });
});
