/** Resampling beside Pillow's recorded numbers and ONNX Runtime's Resize, and where its pixels lie. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bytesField, type Fields, floatField, intField, message, stringField } from "../formats/protobuf.ts";
import { importRuntime } from "../inference/runtime.ts";
import { Random } from "../random.ts";
import { axisWeights, type ResamplingFilter, resample, resamplingFilters } from "./resampling.ts";

const whole = (width: number, height: number) => ({ left: 0, top: 0, width, height });
const level = (value: number): number => Math.min(255, Math.max(0, value));

/** The largest distance of bytes from unrounded levels; rounding alone makes it 0.5. */
const distance = (got: Uint8Array, wanted: ArrayLike<number>): number =>
  got.reduce((worst, value, i) => Math.max(worst, Math.abs(value - level(wanted[i]!))), 0);

interface Recorded {
  readonly records: readonly {
    readonly filter: ResamplingFilter;
    readonly from: readonly [width: number, height: number];
    readonly to: readonly [width: number, height: number];
    readonly image: readonly number[];
    readonly resampled: readonly number[];
  }[];
}

const recorded = JSON.parse(
  readFileSync(new URL("./reference-numbers/resampling.json", import.meta.url), "utf8"),
) as Recorded;

test.each(recorded.records)("Pillow's $filter from $from to $to", ({ filter, from, to, image, resampled }) => {
  const [width, height] = from;
  const data = Uint8Array.from(image);
  const got = resample({ width, height, data }, whole(width, height), { width: to[0], height: to[1] }, filter);
  expect(got).toHaveLength(resampled.length);
  expect(distance(got, resampled)).toBeLessThanOrEqual(0.502);
});

/** An ONNX file of one Resize, operator set 18: an image (1, 3, height, width) and the four sizes in, the resized image out. */
function resizeModel(filter: ResamplingFilter): Uint8Array {
  const number = (name: string, value: number): Fields =>
    bytesField(5, message(stringField(1, name), intField(3, value), intField(20, 2)));
  const text = (name: string, value: string): Fields =>
    bytesField(5, message(stringField(1, name), stringField(4, value), intField(20, 3)));
  const attributes = [
    number("antialias", 1),
    text("coordinate_transformation_mode", "half_pixel"),
    text("mode", filter),
    number("exclude_outside", 1),
    ...(filter === "cubic"
      ? [bytesField(5, message(stringField(1, "cubic_coeff_a"), floatField(2, -0.5), intField(20, 1)))]
      : []),
  ];
  const inputs = ["image", "", "", "sizes"].map((name) => stringField(1, name));
  const node = message(...inputs, stringField(2, "resized"), stringField(4, "Resize"), ...attributes);
  const value = (name: string, type: number, dimensions: readonly (number | string)[]): Fields => {
    const shape = dimensions.map((size) =>
      bytesField(1, typeof size === "number" ? intField(1, size) : stringField(2, size)),
    );
    const tensor = message(intField(1, type), bytesField(2, message(...shape)));
    return message(stringField(1, name), bytesField(2, bytesField(1, tensor)));
  };
  const graph = message(
    bytesField(1, node),
    stringField(2, "resize"),
    bytesField(11, value("image", 1, [1, 3, "height", "width"])),
    bytesField(11, value("sizes", 7, [4])),
    bytesField(12, value("resized", 1, [1, 3, "newHeight", "newWidth"])),
  );
  return message(intField(1, 8), bytesField(7, graph), bytesField(8, message(stringField(1, ""), intField(2, 18))));
}

/** Rows of pixels to planes, or back. */
const transposed = (values: ArrayLike<number>, rows: number, columns: number): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);

test.each(resamplingFilters)("ONNX Runtime's Resize, %s, in any direction", async (filter) => {
  const { library } = await importRuntime("native");
  const session = await library.InferenceSession.create(resizeModel(filter));
  const random = Random.of(5);
  for (const [width, height, newWidth, newHeight] of [
    [250, 188, 128, 128],
    [180, 180, 128, 128],
    [61, 47, 128, 96],
    [97, 53, 32, 160],
    [64, 50, 64, 17],
    [64, 50, 19, 50],
    [33, 21, 224, 224],
    [300, 7, 5, 5],
  ] as const) {
    const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
    const image = new library.Tensor("float32", transposed(data, width * height, 3), [1, 3, height, width]);
    const sizes = new library.Tensor("int64", BigInt64Array.from([1n, 3n, BigInt(newHeight), BigInt(newWidth)]), [4]);
    const { resized } = await session.run({ image, sizes }, ["resized"]);
    const wanted = transposed(resized!.data as Float32Array, 3, newWidth * newHeight);
    const got = resample({ width, height, data }, whole(width, height), { width: newWidth, height: newHeight }, filter);
    expect(distance(got, wanted), `${width} x ${height} to ${newWidth} x ${newHeight}`).toBeLessThanOrEqual(0.505);
  }
  await session.release();
});

describe("positions", () => {
  const sizes = [2, 3, 5, 8, 13, 21, 40, 55, 100];

  test("weights sum to 1, and their centre is the new pixel's own, as long as the kernel is inside the image", () => {
    for (const filter of resamplingFilters) {
      for (const from of sizes) {
        for (const to of sizes) {
          const { taps, starts, weights } = axisWeights(from, to, filter);
          const scale = from / to;
          const reach = (filter === "cubic" ? 2 : 1) * Math.max(scale, 1);
          for (let i = 0; i < to; i++) {
            const own = weights.subarray(i * taps, (i + 1) * taps);
            expect(own.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
            const centre = (i + 0.5) * scale;
            if (centre - reach < 0 || centre + reach > from) continue;
            const mean = own.reduce((sum, weight, k) => sum + weight * (starts[i]! + k + 0.5), 0);
            // The kernels are sampled, so that of a wider one the centre is not met exactly.
            expect(Math.abs(mean - centre), `${filter}, pixel ${i} of ${from} to ${to}`).toBeLessThan(
              0.06 * scale + 1e-4,
            );
          }
        }
      }
    }
  });

  test("a mirrored image gives the mirrored result, along each axis", () => {
    const random = Random.of(7);
    for (const filter of resamplingFilters) {
      for (const [width, height, newWidth, newHeight] of [
        [31, 17, 12, 30],
        [12, 30, 31, 17],
      ] as const) {
        const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
        const turned = (from: Uint8Array): Uint8Array => {
          const pixels = from.length / 3;
          return Uint8Array.from(from, (_, i) => from[(pixels - 1 - Math.floor(i / 3)) * 3 + (i % 3)]!);
        };
        const to = { width: newWidth, height: newHeight };
        const straight = resample({ width, height, data }, whole(width, height), to, filter);
        const mirrored = resample({ width, height, data: turned(data) }, whole(width, height), to, filter);
        expect(distance(turned(mirrored), straight)).toBeLessThanOrEqual(1);
      }
    }
  });

  test("a part of an image is resampled as if it stood alone", () => {
    const random = Random.of(8);
    const [width, height] = [40, 30];
    const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
    const part = { left: 7, top: 5, width: 21, height: 19 };
    const cut = new Uint8Array(part.width * part.height * 3);
    for (let y = 0; y < part.height; y++) {
      const from = ((part.top + y) * width + part.left) * 3;
      cut.set(data.subarray(from, from + part.width * 3), y * part.width * 3);
    }
    for (const to of [
      { width: 8, height: 8 },
      { width: 64, height: 50 },
      { width: 21, height: 19 },
    ]) {
      const alone = resample({ ...part, data: cut }, whole(part.width, part.height), to, "cubic");
      expect(resample({ width, height, data }, part, to, "cubic")).toEqual(alone);
    }
  });
});

test("images of any size in any order: the memory that one leaves does not reach the next", () => {
  const flat = (width: number, height: number, value: number) => ({
    width,
    height,
    data: new Uint8Array(width * height * 3).fill(value),
  });
  for (const [width, height, value] of [
    [900, 3, 255],
    [4, 4, 10],
    [301, 11, 200],
    [2, 900, 0],
    [3, 3, 77],
  ] as const) {
    for (const filter of resamplingFilters) {
      for (const size of [1, 5, 64]) {
        const got = resample(flat(width, height, value), whole(width, height), { width: size, height: size }, filter);
        expect(got.every((out) => out === value)).toBe(true);
      }
    }
  }
});
