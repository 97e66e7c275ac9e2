/** The kernels against the same in plain TypeScript, one channel of one pixel at a time. */
import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { PixelKernels } from "./pixel-kernels.ts";

const size = { height: 7, width: 13 };
const random = Random.of(1);
const image = Uint8Array.from({ length: 7 * 13 * 3 }, () => random.integer(256));

function packed(): PixelKernels {
  const kernels = new PixelKernels(size);
  kernels.image.set(image);
  kernels.pack();
  return kernels;
}

const channel = (pixel: number, shift: number): number => (pixel >>> shift) & 255;

describe("kernels on pixels", () => {
  it("pack every pixel of an image whose number of pixels no vector divides", () => {
    const expected = Array.from(
      { length: 91 },
      (_, i) => image[3 * i]! + 256 * image[3 * i + 1]! + 65536 * image[3 * i + 2]!,
    );
    expect([...packed().pixels]).toEqual(expected);
  });

  it("blend four neighbours by weights of 1/256, into their part of the row alone", () => {
    const kernels = packed();
    const { pixels, row } = kernels;
    for (let round = 0; round < 200; round++) {
      const [x, y] = [random.integer(11 * 65536), random.integer(5 * 65536)];
      const [stepX, stepY] = [
        Math.trunc((random.integer(12 * 65536) - x) / 8),
        Math.trunc((random.integer(6 * 65536) - y) / 8),
      ];
      row.fill(-1);
      kernels.blend(1, 9, x, y, stepX, stepY);
      const expected = Array.from({ length: 8 }, (_, i) => {
        const [atX, atY] = [x + i * stepX, y + i * stepY];
        const [right, down] = [(atX >> 8) & 255, (atY >> 8) & 255];
        const both = Math.floor((right * down + 128) / 256);
        const at = (atY >> 16) * 13 + (atX >> 16);
        const mean = (shift: number): number => {
          const sum =
            channel(pixels[at]!, shift) * (256 - right - down + both) +
            channel(pixels[at + 1]!, shift) * (right - both) +
            channel(pixels[at + 13]!, shift) * (down - both) +
            channel(pixels[at + 14]!, shift) * both;
          return Math.floor((sum + 128) / 256);
        };
        return mean(0) + 256 * mean(8) + 65536 * mean(16);
      });
      expect([...row]).toEqual([-1, ...expected, -1, -1, -1, -1]);
    }
  });

  it("recolour a row and limit it to what a byte holds, far beyond it as well", () => {
    const kernels = packed();
    for (const largest of [4096, 20_000, 400_000]) {
      for (let i = 0; i < 12; i++) kernels.weights[i] = random.integer(2 * largest) - largest;
      for (let y = 0; y < 7; y++) {
        kernels.row.set(kernels.pixels.subarray(13 * y, 13 * (y + 1)));
        kernels.recolourRow(y);
      }
      const expected = Array.from(image, (_, i) => {
        const pixel = i - (i % 3);
        const [r, g, b, offset] = kernels.weights.subarray(4 * (i % 3));
        const sum = image[pixel]! * r! + image[pixel + 1]! * g! + image[pixel + 2]! * b! + offset!;
        return Math.max(0, Math.min(255, Math.floor(sum / 4096)));
      });
      expect([...kernels.image]).toEqual(expected);
    }
  });
});
