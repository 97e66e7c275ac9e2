/** The phantom set: its counts, that a seed decides every pixel, and that its classes can be told apart, not trivially. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { phantomImages } from "./phantom.ts";
import { phantomClasses } from "./phantom-classes.ts";

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));

function countByFolder(images: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { path } of phantomImages({ images, size: 8, seed: 1 })) {
    counts.set(folderOf(path), (counts.get(folderOf(path)) ?? 0) + 1);
  }
  return counts;
}

describe("counts", () => {
  test("2,357 images have exactly the published counts", () => {
    const counts = countByFolder(2357);
    for (const { name, train, test } of phantomClasses) {
      expect(counts.get(`Train/${name}`)).toBe(train);
      expect(counts.get(`Test/${name}`)).toBe(test);
    }
  });

  test("any number is met, in proportion, with every class in both splits", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (images) => {
        const counts = countByFolder(images);
        expect(counts.size).toBe(18);
        expect([...counts.values()].reduce((a, b) => a + b)).toBe(Math.max(images, 18));
        for (const { name, train } of phantomClasses) {
          const share = (train * images) / 2357;
          // Raising small classes to one image takes at most 18 from the others.
          expect(counts.get(`Train/${name}`)!).toBeGreaterThan(share - 19);
          expect(counts.get(`Train/${name}`)!).toBeLessThanOrEqual(Math.max(1, Math.ceil(share)));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("pictures", () => {
  test("the seed decides every pixel, and every image is another", () => {
    const draw = (seed: number) => phantomImages({ images: 18, size: 24, seed }).map((image) => image.draw());
    const once = draw(5);
    expect(draw(5)).toEqual(once);
    expect(once.every((image) => image.length === 24 * 24 * 3)).toBe(true);
    const other = draw(6);
    for (const [i, image] of once.entries()) expect(image).not.toEqual(other[i]);
    expect(new Set(once.map((image) => Buffer.from(image).toString("base64"))).size).toBe(18);
  });

  test("an image is drawn afresh at every call, whatever was drawn before it", () => {
    const [first, second] = phantomImages({ images: 18, size: 24, seed: 5 });
    const image = second!.draw();
    first!.draw();
    expect(second!.draw()).toEqual(image);
  });

  test("a larger set holds the smaller one", () => {
    const draw = (images: number) =>
      new Map(phantomImages({ images, size: 16, seed: 2 }).map((image) => [image.path, image.draw()]));
    const larger = draw(60);
    for (const [path, image] of draw(30)) expect(larger.get(path), path).toEqual(image);
  });

  test("the lesion stands out from the skin around it", () => {
    const size = 48;
    const darker = phantomImages({ images: 90, size, seed: 3 }).filter(({ draw }) => {
      const image = draw();
      const mean = (from: number, to: number): number => {
        let [sum, count] = [0, 0];
        for (let y = 0; y < size; y++) {
          for (let x = 0; x < size; x++) {
            const distance = Math.hypot(x - size / 2, y - size / 2) / size;
            if (distance < from || distance >= to) continue;
            sum += image[(y * size + x) * 3 + 1]!;
            count++;
          }
        }
        return sum / count;
      };
      return mean(0, 0.15) < mean(0.38, 0.46);
    });
    expect(darker.length).toBeGreaterThan(0.75 * 90);
  });

  test("the nearest mean colour tells classes apart better than chance, and far from always", () => {
    const size = 24;
    const images = phantomImages({ images: 700, size, seed: 4 });
    const classOf = (path: string): string => path.split("/")[1]!;
    const seen = images.map(({ path, draw }) => {
      const image = draw();
      const middle = (c: number): number => {
        let sum = 0;
        for (let y = 8; y < 16; y++) for (let x = 8; x < 16; x++) sum += image[(y * size + x) * 3 + c]!;
        return sum / 64;
      };
      return { path, name: classOf(path), colour: [0, 1, 2].map(middle) };
    });
    const means = phantomClasses.map(({ name }) => {
      const own = seen.filter((image) => image.name === name).filter((_, i) => i % 2 === 0);
      return { name, colour: [0, 1, 2].map((c) => own.reduce((sum, image) => sum + image.colour[c]!, 0) / own.length) };
    });
    // Every class counts the same, so that chance is one in nine.
    const recalls = phantomClasses.map(({ name }) => {
      const own = seen.filter((image) => image.name === name).filter((_, i) => i % 2 === 1);
      const right = own.filter(({ colour }) => {
        const distance = (mean: readonly number[]): number =>
          mean.reduce((sum, value, c) => sum + (value - colour[c]!) ** 2, 0);
        return means.reduce((a, b) => (distance(b.colour) < distance(a.colour) ? b : a)).name === name;
      });
      return right.length / own.length;
    });
    const balanced = recalls.reduce((a, b) => a + b) / recalls.length;
    expect(balanced).toBeGreaterThan(0.2);
    expect(balanced).toBeLessThan(0.7);
  });
});
