/** The kernels against the same in plain TypeScript, one channel of one pixel at a time. */
import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { PixelKernels } from "./pixel-kernels.ts";
import type { Fill } from "./policy.ts";

const size = { height: 7, width: 13 };
const random = Random.of(1);
const image = Uint8Array.from({ length: 7 * 13 * 3 }, () => random.integer(256));

const sameColours = [4096, 0, 0, 2048, 0, 4096, 0, 2048, 0, 0, 4096, 2048];

function packed(fill: Fill = "reflect"): PixelKernels {
  const kernels = new PixelKernels(size, fill);
  kernels.image.set(image);
  kernels.pack();
  kernels.recolour(sameColours);
  return kernels;
}

/** A place along an axis as it is inside the image, step by step. */
function inside(fill: Fill, index: number, count: number): number {
  let at = index;
  while (at < 0 || at >= count) {
    if (fill === "edge") at += at < 0 ? 1 : -1;
    else at = at < 0 ? -1 - at : 2 * count - 1 - at;
  }
  return at;
}

/** The bilinear mean at a place in units of 1 / 2^16 pixel. */
function meanAt(fill: Fill, x: number, y: number): number[] {
  const [right, down] = [(x >> 8) & 255, (y >> 8) & 255];
  const both = Math.floor((right * down + 128) / 256);
  const weights = [256 - right - down + both, right - both, down - both, both];
  return [0, 1, 2].map((channel) => {
    let sum = 128;
    for (const [i, weight] of weights.entries()) {
      const [row, column] = [inside(fill, (y >> 16) + (i >> 1), 7), inside(fill, (x >> 16) + (i & 1), 13)];
      sum += weight * image[3 * (13 * row + column) + channel]!;
    }
    return Math.floor(sum / 256);
  });
}

const line = (count: number, at: (i: number) => number[]): number[] =>
  Array.from({ length: count }, (_, i) => at(i)).flat();

describe("kernels on pixels", () => {
  it("blend four neighbours by weights of 1/256, up to the last row and column", () => {
    const kernels = packed();
    for (let round = 0; round < 200; round++) {
      const [lastX, lastY] = [12 * 65536 + 255, 6 * 65536 + 255];
      const [x, y] = round === 0 ? [lastX, lastY] : [random.integer(lastX + 1), random.integer(lastY + 1)];
      const stepX = round === 0 ? 0 : Math.trunc((random.integer(lastX + 1) - x) / 8);
      const stepY = round === 0 ? 0 : Math.trunc((random.integer(lastY + 1) - y) / 8);
      kernels.image.fill(0);
      kernels.resample(true, 2, 1, 9, x, y, stepX, stepY);
      const written = kernels.image.slice(3 * (2 * 13 + 1), 3 * (2 * 13 + 9));
      expect([...written]).toEqual(line(8, (i) => meanAt("reflect", x + i * stepX, y + i * stepY)));
      expect(kernels.image.subarray(0, 3 * (2 * 13 + 1)).every((byte) => byte === 0)).toBe(true);
    }
  });

  it.each(["reflect", "edge"] as const)("fill what is outside, near and far: %s", (fill) => {
    const kernels = packed(fill);
    for (const reach of [20, 100, 1_000, 30_000]) {
      for (let round = 0; round < 30; round++) {
        const [x, y] = [random.integer(reach * 65536) - reach * 32768, random.integer(reach * 65536) - reach * 32768];
        const [stepX, stepY] = [random.integer(8 * 65536) - 4 * 65536, random.integer(8 * 65536) - 4 * 65536];
        kernels.resample(false, 0, 0, 13, x, y, stepX, stepY);
        const expected = line(13, (i) => meanAt(fill, x + i * stepX, y + i * stepY));
        expect([...kernels.image.subarray(0, 39)]).toEqual(expected);
      }
    }
  });

  it("recolour and limit colours to what a byte holds, far beyond it as well", () => {
    for (const largest of [4096, 20_000, 400_000]) {
      for (const isInside of [true, false]) {
        const kernels = packed();
        const weights = Array.from({ length: 12 }, () => random.integer(2 * largest) - largest);
        kernels.recolour(weights);
        for (let y = 0; y < 7; y++) kernels.resample(isInside, y, 0, 13, 0, y * 65536, 65536, 0);
        const expected = Array.from(image, (_, i) => {
          const pixel = i - (i % 3);
          const [r, g, b, offset] = weights.slice(4 * (i % 3));
          const sum = image[pixel]! * r! + image[pixel + 1]! * g! + image[pixel + 2]! * b! + offset!;
          return Math.max(0, Math.min(255, Math.floor(sum / 4096)));
        });
        expect([...kernels.image]).toEqual(expected);
      }
    }
  });
});
