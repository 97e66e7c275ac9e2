/** The part that is held out: as large as asked for, of every class, groups whole, and never nothing. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random.ts";
import { groupedHoldout } from "./grouped-holdout.ts";

const labelsOf = (...counts: readonly number[]) => counts.flatMap((count, label) => Array<number>(count).fill(label));
const alone = (labels: readonly number[]) => labels.map((_, i) => i);

/** Images held out of each class. */
function heldOf(labels: readonly number[], held: readonly boolean[]): number[] {
  const counts = Array<number>(Math.max(...labels) + 1).fill(0);
  labels.forEach((label, i) => {
    if (held[i]) counts[label]!++;
  });
  return counts;
}

const fraction = fc.integer({ min: 1, max: 500 }).map((thousandths) => thousandths / 1000);

describe("images that are groups of their own", () => {
  it("are held out in the number that was asked for, each class within one image of its part", () => {
    const classes = fc.array(fc.integer({ min: 2, max: 120 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(classes, fraction, fc.integer({ min: 0, max: 9 }), (counts, part, seed) => {
        const labels = labelsOf(...counts);
        const held = groupedHoldout({ labels, groupOf: alone(labels), fraction: part, seed });
        expect(held.filter(Boolean)).toHaveLength(Math.max(1, Math.round(part * labels.length)));
        for (const [label, count] of heldOf(labels, held).entries()) {
          expect(Math.abs(count - part * counts[label]!)).toBeLessThan(1);
          expect(count).toBeLessThan(counts[label]!);
        }
      }),
    );
  });

  it.each([0.15, 0.3, 0.35, 0.4, 0.44, 0.45, 0.5])("%d of 200 are that many", (part) => {
    const labels = labelsOf(100, 100);
    const held = groupedHoldout({ labels, groupOf: alone(labels), fraction: part, seed: 0 });
    expect(heldOf(labels, held)).toEqual([100 * part, 100 * part].map(Math.round));
  });

  it("are rounded up where half an image is asked for", () => {
    const labels = labelsOf(87, 5, 73, 67, 18);
    const held = groupedHoldout({ labels, groupOf: alone(labels), fraction: 0.494, seed: 0 });
    expect(held.filter(Boolean)).toHaveLength(124);
  });

  it("are others for another seed, and the same ones for the same", () => {
    const labels = labelsOf(40, 20);
    const draw = (seed: number) => groupedHoldout({ labels, groupOf: alone(labels), fraction: 0.25, seed });
    expect(draw(1)).toEqual(draw(1));
    expect(draw(2)).not.toEqual(draw(1));
  });
});

describe("groups", () => {
  it("stay whole, and classes come within an image of their parts where lesions have 1 to 6 of them", () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = Random.of(seed);
      const [labels, groupOf]: [number[], number[]] = [[], []];
      for (let group = 0; group < 200; group++) {
        const label = random.integer(4);
        for (let image = random.integer(6); image >= 0; image--) {
          labels.push(label);
          groupOf.push(group);
        }
      }
      for (const part of [0.1, 0.23, 0.37, 0.5]) {
        const held = groupedHoldout({ labels, groupOf, fraction: part, seed });
        const sides = new Set(groupOf.map((group, i) => `${group} ${held[i]}`));
        expect(sides.size).toBe(new Set(groupOf).size);
        for (const [label, count] of heldOf(labels, held).entries()) {
          expect(Math.abs(count - part * labels.filter((own) => own === label).length)).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  it("of several classes are held out whole, and a class keeps something to learn from", () => {
    const label = fc.integer({ min: 0, max: 3 });
    const images = fc.array(fc.tuple(label, fc.integer({ min: 0, max: 12 })), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(images, fraction, fc.integer({ min: 0, max: 9 }), (drawn, part, seed) => {
        const labels = drawn.map(([own]) => own);
        const groupOf = drawn.map(([, group]) => group);
        const held = groupedHoldout({ labels, groupOf, fraction: part, seed });
        expect(new Set(groupOf.map((group, i) => `${group} ${held[i]}`)).size).toBe(new Set(groupOf).size);
        for (const own of new Set(labels)) expect(labels.some((other, i) => other === own && !held[i])).toBe(true);
        // Nothing only where every group has all images of some class.
        const whole = (group: number) =>
          [...new Set(labels)].some((own) => labels.every((other, i) => other !== own || groupOf[i] === group));
        if (held.every((one) => !one)) expect(groupOf.every(whole)).toBe(true);
      }),
    );
  });

  it("that are far larger than the part are still held out, one of them", () => {
    const labels = labelsOf(30, 30);
    const held = groupedHoldout({ labels, groupOf: labels.map((_, i) => Math.floor(i / 15)), fraction: 0.05, seed: 1 });
    expect(held.filter(Boolean)).toHaveLength(15);
  });
});
