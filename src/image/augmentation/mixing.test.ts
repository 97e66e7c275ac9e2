/** Mixtures of images and targets: exact proportions, areas, and the beta distribution behind them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { symmetricBeta } from "./beta.ts";
import { cutPair, drawRectangle, type MixableBatch, mixBatch, mixPair } from "./mixing.ts";

const size = { height: 6, width: 5, classes: 4 };
const bytes = size.height * size.width * 3;

/** Image i is all 10 x i, of class i. */
function batchOf(count: number): MixableBatch {
  const targets = new Float32Array(count * size.classes);
  for (let i = 0; i < count; i++) targets[i * size.classes + (i % size.classes)] = 1;
  return { images: new Uint8Array(count * bytes).map((_, i) => 10 * Math.floor(i / bytes)), targets, ...size };
}
const rowOf = ({ targets }: MixableBatch, i: number): number[] => [...targets.subarray(i * 4, i * 4 + 4)];
const imageOf = ({ images }: MixableBatch, i: number): Uint8Array => images.subarray(i * bytes, (i + 1) * bytes);

describe("mixPair", () => {
  it("mixes both images and both targets", () => {
    const batch = batchOf(3);
    mixPair(batch, 0, 2, 192);
    expect(new Set(imageOf(batch, 0))).toEqual(new Set([5]));
    expect(new Set(imageOf(batch, 1))).toEqual(new Set([10]));
    expect(new Set(imageOf(batch, 2))).toEqual(new Set([15]));
    expect([rowOf(batch, 0), rowOf(batch, 2)]).toEqual([
      [0.75, 0, 0.25, 0],
      [0.25, 0, 0.75, 0],
    ]);
  });

  it("rounds each byte to the nearest", () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, fc.integer({ min: 0, max: 256 }), (a, b, part) => {
        const batch = { images: Uint8Array.of(a, a, a, b, b, b), targets: Float32Array.of(1, 0), height: 1, width: 1 };
        mixPair({ ...batch, classes: 1 }, 0, 1, part);
        const exact = (a * part + b * (256 - part)) / 256;
        expect(Math.abs(batch.images[0]! - exact)).toBeLessThanOrEqual(0.5);
        expect(Math.abs(batch.images[3]! - (a + b - exact))).toBeLessThanOrEqual(0.5);
        expect(batch.targets[0]).toBeCloseTo(part / 256, 6);
      }),
    );
  });
});

it("mixes every byte of images of any size", () => {
  // More and fewer than a kernel takes at a time, and no whole vectors.
  for (const [height, width] of [
    [1, 1],
    [3, 7],
    [64, 64],
    [71, 59],
  ] as const) {
    const length = height * width * 3;
    const random = Random.of(length);
    const images = Uint8Array.from({ length: 2 * length }, () => random.integer(256));
    const before = images.slice();
    const part = random.integer(257);
    mixPair({ images, targets: Float32Array.of(1, 0), height, width, classes: 1 }, 0, 1, part);
    const expected = before.map((byte, i) => {
      const other = before[(i + length) % (2 * length)]!;
      return Math.floor((byte * part + other * (256 - part) + 128) / 256);
    });
    expect(Buffer.from(images).equals(Buffer.from(expected))).toBe(true);
  }
});

describe("cutPair", () => {
  it("exchanges the rectangle, and targets by its area", () => {
    const batch = batchOf(3);
    cutPair(batch, 1, 2, { left: 1, top: 2, width: 3, height: 4 });
    const [one, other] = [imageOf(batch, 1), imageOf(batch, 2)];
    for (let i = 0; i < bytes; i++) {
      const [y, x] = [Math.floor(i / 15), Math.floor(i / 3) % 5];
      const inside = x >= 1 && x < 4 && y >= 2;
      expect([one[i], other[i]]).toEqual(inside ? [20, 10] : [10, 20]);
    }
    expect(rowOf(batch, 1)).toEqual([0, Math.fround(0.6), Math.fround(0.4), 0]);
    expect(rowOf(batch, 2)).toEqual([0, Math.fround(0.4), Math.fround(0.6), 0]);
  });

  it("changes nothing where the rectangle is empty", () => {
    const batch = batchOf(2);
    cutPair(batch, 0, 1, { left: 0, top: 0, width: 0, height: 0 });
    expect(batch).toEqual(batchOf(2));
  });
});

it("draws rectangles of the area asked for, inside the image", () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(unit, fc.nat(), (area, seed) => {
      const { left, top, width, height } = drawRectangle(area, Random.of(seed), 40, 30);
      expect(Math.min(left, top, width, height)).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(30);
      expect(top + height).toBeLessThanOrEqual(40);
      const whole = [Math.round(30 * Math.sqrt(area)), Math.round(40 * Math.sqrt(area))] as const;
      if (left > 0 && left + width < 30) expect(width).toBe(whole[0]);
      if (top > 0 && top + height < 40) expect(height).toBe(whole[1]);
      expect(width * height).toBeLessThanOrEqual(whole[0] * whole[1]);
    }),
  );
});

describe("mixBatch", () => {
  const settings = fc.record({ mixup: fc.constantFrom(0, 0.2, 1), cutmix: fc.constantFrom(0, 0.5, 1) });

  it("keeps sums: targets stay probabilities, and no brightness is lost", () => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 7 }), fc.nat(), (mixing, count, seed) => {
        const batch = batchOf(count);
        const before = batch.images.reduce((a, b) => a + b, 0);
        mixBatch(batch, mixing, Random.of(seed));
        for (let i = 0; i < count; i++) expect(rowOf(batch, i).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
        expect(Math.abs(batch.images.reduce((a, b) => a + b, 0) - before)).toBeLessThanOrEqual(batch.images.length);
      }),
    );
  });

  it("says in each target how much of its images is there", () => {
    fc.assert(
      fc.property(settings, fc.nat(), (mixing, seed) => {
        const batch = batchOf(4);
        mixBatch(batch, mixing, Random.of(seed));
        for (let i = 0; i < 4; i++) {
          const expected = rowOf(batch, i).reduce((sum, part, c) => sum + part * 10 * c, 0);
          const mean = imageOf(batch, i).reduce((a, b) => a + b, 0) / bytes;
          expect(Math.abs(mean - expected)).toBeLessThanOrEqual(0.51);
        }
      }),
    );
  });

  it("pairs from both ends and leaves the one in the middle alone", () => {
    const batch = batchOf(5);
    mixBatch(batch, { mixup: 5, cutmix: 0 }, Random.of(1));
    expect(imageOf(batch, 2)).toEqual(imageOf(batchOf(5), 2));
    const [first, last] = [imageOf(batch, 0)[0]!, imageOf(batch, 4)[0]!];
    expect(first + last).toBe(40);
    expect(first).toBeGreaterThan(0);
  });

  it("does nothing where neither is asked for", () => {
    const batch = batchOf(4);
    mixBatch(batch, { mixup: 0, cutmix: 0 }, Random.of(1));
    expect(batch).toEqual(batchOf(4));
  });
});

describe("symmetricBeta", () => {
  it.each([0.1, 0.4, 1, 2.5, 8])("has the mean, variance and symmetry of Beta(%d, same)", (alpha) => {
    const random = Random.of(9);
    const draws = Array.from({ length: 20_000 }, () => symmetricBeta(alpha, random));
    const mean = draws.reduce((a, b) => a + b) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    const expected = 1 / (4 * (2 * alpha + 1));
    // Four standard errors of the mean; the variance's is smaller than 1.5 % of it for all of these.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(expected / draws.length));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.06);
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThanOrEqual(1);
  });

  it("is uniform for 1", () => {
    const random = Random.of(2);
    const draws = Array.from({ length: 4000 }, () => symmetricBeta(1, random)).sort((a, b) => a - b);
    const largest = Math.max(...draws.map((x, i) => Math.abs(x - (i + 0.5) / draws.length)));
    // Kolmogorov and Smirnov at the level of 1 in 1000.
    expect(largest).toBeLessThan(1.95 / Math.sqrt(draws.length));
  });

  it("stays in range where alpha is tiny", () => {
    const random = Random.of(4);
    for (let i = 0; i < 200; i++) expect([0, 1]).toContain(Math.round(symmetricBeta(1e-4, random)));
  });
});
