/** Augmented images: exact symmetries, SciPy's resampling, librsvg's colours, and the same bytes for the same seed. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { type Affine, affineMap, compose, dihedralMaps, identity, invert } from "./affine.ts";
import { Augmenter, Transformer } from "./augmenter.ts";
import { brightness, type ColourMatrix, composeColour, contrast, hueRotation, saturation } from "./colour-matrix.ts";
import {
  type AugmentationPolicy,
  affine,
  colour,
  dihedral,
  erase,
  type Fill,
  flip,
  policies,
  policyNames,
  resizedCrop,
} from "./policy.ts";

const bytes = (length: number, seed = 1): Uint8Array => {
  const random = Random.of(seed);
  return Uint8Array.from({ length }, () => random.integer(256));
};

interface Size {
  readonly height: number;
  readonly width: number;
}

function transformed(
  image: Uint8Array,
  size: Size,
  geometry: Affine,
  { colour, fill = "reflect" }: { colour?: ColourMatrix; fill?: Fill } = {},
): Uint8Array {
  const out = new Uint8Array(image.length);
  new Transformer(size, fill).apply(image, { geometry, colour, erasures: [] }, out);
  return out;
}

function augmented(image: Uint8Array, size: Size, policy: AugmentationPolicy, ...path: number[]): Uint8Array {
  const out = new Uint8Array(image.length);
  new Augmenter(policy, size).augment(image, Random.of(...path), out);
  return out;
}

const policy = (...steps: AugmentationPolicy["steps"]): AugmentationPolicy => ({ fill: "reflect", steps });

/** The pixel of the result at row y, column x is the image's at `source(y, x)`. */
function rearranged(
  image: Uint8Array,
  { height, width }: Size,
  source: (y: number, x: number) => readonly [number, number],
): Uint8Array {
  return Uint8Array.from(image, (_, i) => {
    const pixel = Math.floor(i / 3);
    const [y, x] = source(Math.floor(pixel / width), pixel % width);
    expect(y).toBeLessThan(height);
    return image[(y * width + x) * 3 + (i % 3)]!;
  });
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);

const sizes = fc.record({ height: fc.integer({ min: 1, max: 9 }), width: fc.integer({ min: 1, max: 9 }) });

describe("geometry", () => {
  const last = 6;
  const square = { height: last + 1, width: last + 1 };
  const image = bytes(7 * 7 * 3);
  /** Row and column in the image of each symmetry, written out by hand: turned clockwise, and turned after mirroring. */
  const sources: readonly ((y: number, x: number) => readonly [number, number])[] = [
    (y, x) => [y, x],
    (y, x) => [last - x, y],
    (y, x) => [last - y, last - x],
    (y, x) => [x, last - y],
    (y, x) => [y, last - x],
    (y, x) => [last - x, last - y],
    (y, x) => [last - y, x],
    (y, x) => [x, y],
  ];

  it.each(sources.map((source, i) => [i, source] as const))(
    "symmetry %i moves every pixel to its place",
    (i, source) => {
      const expected = rearranged(image, square, source);
      expect(transformed(image, square, dihedralMaps[i]!)).toEqual(expected);
    },
  );

  it("turns by a rotation of 90 degrees as by the exact symmetry", () => {
    for (const [turns, rotation] of [0, 90, 180, 270].entries()) {
      expect(transformed(image, square, affineMap({ rotation })), `${rotation}`).toEqual(
        transformed(image, square, dihedralMaps[turns]!),
      );
    }
  });

  it("shifts content right and down by whole pixels exactly, with its mirror image behind the border", () => {
    const size = { height: 2, width: 3 };
    const grey = (values: readonly number[]): Uint8Array => Uint8Array.from(values.flatMap((v) => [v, v, v]));
    const source = grey([10, 20, 30, 40, 50, 60]);
    const map = affineMap({ translation: [2, 0] });
    expect(transformed(source, size, map)).toEqual(grey([20, 10, 10, 50, 40, 40]));
    expect(transformed(source, size, map, { fill: "edge" })).toEqual(grey([10, 10, 10, 40, 40, 40]));
    const down = affineMap({ translation: [0, 1] });
    expect(transformed(source, size, down)).toEqual(grey([10, 20, 30, 10, 20, 30]));
  });

  it("finds the mean of neighbours half a pixel away", () => {
    const source = Uint8Array.of(0, 100, 255, 10, 101, 0);
    expect([...transformed(source, { height: 1, width: 2 }, [1, 0, 0.5, 0, 1, 0])]).toEqual([5, 101, 128, 10, 101, 0]);
  });

  it("agrees with SciPy inside and outside the image", () => {
    const file = new URL("./reference-numbers/resampling.json", import.meta.url);
    const { height, width, image, records } = JSON.parse(readFileSync(file, "utf8")) as Size & {
      image: number[];
      records: { map: Affine; fill: Fill; pixels: number[] }[];
    };
    expect(records).toHaveLength(14);
    for (const { map, fill, pixels } of records) {
      const ours = transformed(Uint8Array.from(image), { height, width }, map, { fill });
      // Fractions of 1/256 are half a step off at most on each axis, weights and the result are rounded.
      expect(largestDifference(ours, pixels), `${map} ${fill}`).toBeLessThanOrEqual(2);
      const mean = pixels.reduce((sum, value, i) => sum + ours[i]! - value, 0) / pixels.length;
      expect(Math.abs(mean), `${map} ${fill}`).toBeLessThan(0.3);
    }
  });

  it("keeps an image of one colour as it is, whatever the map", () => {
    const numbers = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(sizes, fc.tuple(numbers, numbers, numbers, numbers, numbers, numbers), (size, map) => {
        const image = new Uint8Array(size.height * size.width * 3).map((_, i) => [200, 3, 255][i % 3]!);
        expect(transformed(image, size, map)).toEqual(image);
      }),
    );
  });

  it("comes back through the inverse map, but for the border", () => {
    const size = { height: 40, width: 40 };
    // Smooth, as resampling twice blurs.
    const image = new Uint8Array(size.height * size.width * 3).map((_, i) => {
      const [y, x] = [Math.floor(i / 120), Math.floor(i / 3) % 40];
      return Math.round(128 + 100 * Math.sin(x / 8 + (i % 3)) * Math.cos(y / 9));
    });
    const map = affineMap({ rotation: 25, scale: 1.1, shear: 8, translation: [2, -1] });
    const back = transformed(transformed(image, size, map), size, invert(map));
    const inner = (pixels: Uint8Array): Uint8Array =>
      pixels.filter((_, i) => Math.abs(Math.floor(i / 120) - 20) < 10 && Math.abs((Math.floor(i / 3) % 40) - 20) < 10);
    expect(largestDifference(inner(back), inner(image))).toBeLessThanOrEqual(4);
  });

  it("composes maps as images change one after the other", () => {
    const [first, second] = [dihedralMaps[1]!, dihedralMaps[4]!];
    const twice = transformed(transformed(image, square, first), square, second);
    expect(transformed(image, square, compose(first, second))).toEqual(twice);
    const map = affineMap({ rotation: 33, scale: 1.7, shear: 12, translation: [3, 4] });
    for (const [i, value] of compose(map, invert(map)).entries()) expect(value).toBeCloseTo(identity[i]!, 12);
  });

  it("refuses a map that leads too far", () => {
    expect(() => transformed(image, square, [1, 0, 40_000, 0, 1, 0])).toThrow(/further than 2\^15 pixels away/);
    expect(() => transformed(image, square, [Number.NaN, 0, 0, 0, 1, 0])).toThrow(RangeError);
  });
});

describe("colour", () => {
  const colours = [
    [200, 120, 40],
    [10, 250, 130],
    [255, 255, 255],
    [90, 90, 90],
    [160, 30, 220],
  ];
  const image = Uint8Array.from(colours.flat());
  const recoloured = (matrix: ColourMatrix): Uint8Array =>
    transformed(image, { height: 1, width: colours.length }, identity, { colour: matrix });

  /** The same by librsvg, which implements the standard's filters. */
  async function drawn(filter: string): Promise<number[]> {
    const rectangles = colours.map(
      (rgb, x) => `<rect x="${x}" width="1" height="1" fill="rgb(${rgb})" filter="url(#filter)"/>`,
    );
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${colours.length}" height="1"><filter id="filter" x="0" y="0"
      width="1" height="1" color-interpolation-filters="sRGB">${filter}</filter>${rectangles.join("")}</svg>`;
    return [...(await sharp(Buffer.from(svg)).flatten().raw().toBuffer())];
  }
  const linear = (slope: number, intercept: number): string =>
    `<feComponentTransfer>${["R", "G", "B"]
      .map((channel) => `<feFunc${channel} type="linear" slope="${slope}" intercept="${intercept}"/>`)
      .join("")}</feComponentTransfer>`;

  it.each([
    ["hue 30", hueRotation(30), '<feColorMatrix type="hueRotate" values="30"/>'],
    ["hue -75", hueRotation(-75), '<feColorMatrix type="hueRotate" values="-75"/>'],
    ["saturation 0.5", saturation(0.5), '<feColorMatrix type="saturate" values="0.5"/>'],
    ["saturation 1.6", saturation(1.6), '<feColorMatrix type="saturate" values="1.6"/>'],
    ["brightness 1.3", brightness(1.3), linear(1.3, 0)],
    ["contrast 0.6", contrast(0.6), linear(0.6, 0.2)],
    ["contrast 1.4", contrast(1.4), linear(1.4, -0.2)],
  ])("agrees with librsvg: %s", async (_, matrix, filter) => {
    expect(largestDifference(recoloured(matrix), await drawn(filter))).toBeLessThanOrEqual(1);
  });

  it("takes out all colour at saturation 0", () => {
    const grey = Math.round(0.213 * 200 + 0.715 * 120 + 0.072 * 40);
    expect([...recoloured(saturation(0)).subarray(0, 3)]).toEqual([grey, grey, grey]);
  });

  it("leaves every byte alone where no factor changes it", () => {
    const neutral = [brightness(1), contrast(1), saturation(1), hueRotation(0)].reduce((a, b) => composeColour(b, a));
    const all = Uint8Array.from({ length: 768 }, (_, i) => i & 255);
    expect(transformed(all, { height: 1, width: 256 }, identity, { colour: neutral })).toEqual(all);
  });

  it("composes matrices in their order", () => {
    const matrix = composeColour(contrast(0.5), brightness(1.2));
    expect([...recoloured(matrix).subarray(0, 3)]).toEqual(
      [200, 120, 40].map((v) => Math.round(v * 1.2 * 0.5 + 63.75)),
    );
  });
});

describe("policies", () => {
  const size = { height: 12, width: 12 };
  const image = bytes(12 * 12 * 3);

  it("leave the image alone where they say nothing", () => {
    for (const nothing of [
      policies.none,
      policy(flip({ horizontal: 0, vertical: 0 })),
      policy(affine({})),
      policy(colour({})),
      policy(resizedCrop({ area: [1, 1], aspect: [1, 1] })),
      policy(erase({ probability: 0 })),
    ]) {
      expect(augmented(image, size, nothing, 1)).toEqual(image);
    }
  });

  it("undo a certain flip by the same flip", () => {
    const certain = policy(flip({ horizontal: 1, vertical: 0 }));
    const once = augmented(image, size, certain, 1);
    expect(once).toEqual(rearranged(image, size, (y, x) => [y, 11 - x]));
    expect(augmented(once, size, certain, 2)).toEqual(image);
    expect(augmented(image, size, policy(...certain.steps, ...certain.steps), 1)).toEqual(image);
  });

  it("give the same bytes for the same seed, and others for another, whatever came before", () => {
    for (const name of policyNames.filter((name) => name !== "none")) {
      const augmenter = new Augmenter(policies[name], size);
      const out = new Uint8Array(image.length);
      const pictures = new Set<string>();
      for (let seed = 0; seed < 20; seed++) {
        augmenter.augment(image, Random.of(seed), out);
        expect(out, name).toEqual(augmented(image, size, policies[name], seed));
        pictures.add(out.join());
      }
      expect(pictures.size, name).toBeGreaterThan(name === "flips" ? 5 : 19);
    }
  });

  it("work in place", () => {
    const inPlace = image.slice();
    new Augmenter(policies.strong, size).augment(inPlace, Random.of(5), inPlace);
    expect(inPlace).toEqual(augmented(image, size, policies.strong, 5));
  });

  it("draw each of a square's eight symmetries, and of a rectangle's four", () => {
    const count = (size: Size): number =>
      new Set(
        Array.from({ length: 100 }, (_, seed) =>
          augmented(bytes(size.height * size.width * 3), size, policy(dihedral()), seed).join(),
        ),
      ).size;
    expect(count({ height: 3, width: 3 })).toBe(8);
    expect(count({ height: 2, width: 3 })).toBe(4);
  });

  it("show only what lies in a crop", () => {
    // A picture of its own coordinates: red says the column, green the row.
    const ramp = new Uint8Array(64 * 64 * 3).map(
      (_, i) => [Math.floor(i / 3) % 64, Math.floor(i / 192), 0][i % 3]! * 4,
    );
    const crop = policy(resizedCrop({ area: [0.25, 0.25], aspect: [1, 1] }));
    for (let seed = 0; seed < 20; seed++) {
      const out = augmented(ramp, { height: 64, width: 64 }, crop, seed);
      const at = (y: number, x: number, channel: number) => out[(y * 64 + x) * 3 + channel]!;
      expect(Math.abs(at(0, 63, 0) - at(0, 0, 0) - 126)).toBeLessThanOrEqual(2);
      expect(Math.abs(at(63, 0, 1) - at(0, 0, 1) - 126)).toBeLessThanOrEqual(2);
    }
  });

  it("erase a rectangle of the area asked for and nothing else", () => {
    const white = new Uint8Array(50 * 40 * 3).fill(255);
    const areas = Array.from({ length: 40 }, (_, seed) => {
      const out = augmented(
        white,
        { height: 50, width: 40 },
        policy(erase({ probability: 1, area: [0.1, 0.3] })),
        seed,
      );
      const erased = Array.from({ length: 2000 }, (_, i) => i).filter((i) => out[i * 3]! + out[i * 3 + 1]! < 510);
      const columns = erased.map((i) => i % 40);
      const rows = erased.map((i) => Math.floor(i / 40));
      const box = (Math.max(...columns) - Math.min(...columns) + 1) * (Math.max(...rows) - Math.min(...rows) + 1);
      expect(box).toBe(erased.length);
      return box / 2000;
    });
    expect(Math.min(...areas)).toBeGreaterThan(0.08);
    expect(Math.max(...areas)).toBeLessThan(0.32);
    const mean = areas.reduce((a, b) => a + b) / areas.length;
    expect(Math.abs(mean - 0.2)).toBeLessThan(0.03);
  });

  it("erase a rectangle of the aspect asked for, in pixels, whatever the image's own", () => {
    const size = { height: 40, width: 120 };
    const white = new Uint8Array(40 * 120 * 3).fill(255);
    const square = policy(erase({ probability: 1, area: [0.1, 0.1], aspect: [1, 1] }));
    for (let seed = 0; seed < 10; seed++) {
      const out = augmented(white, size, square, seed);
      const erased = Array.from({ length: 4800 }, (_, i) => i).filter((i) => out[i * 3]! + out[i * 3 + 1]! < 510);
      const [columns, rows] = [new Set(erased.map((i) => i % 120)), new Set(erased.map((i) => Math.floor(i / 120)))];
      // The root of a tenth of 4,800 pixels.
      expect([columns.size, rows.size]).toEqual([22, 22]);
    }
  });

  it("turn by true angles in an image that is no square", () => {
    const size = { height: 41, width: 81 };
    // A bright disc at 12 pixels right of the centre, which a turn by 45 degrees brings to as far below as right.
    const disc = (dx: number, dy: number): Uint8Array =>
      Uint8Array.from({ length: 41 * 81 * 3 }, (_, i) => {
        const pixel = Math.floor(i / 3);
        return Math.hypot((pixel % 81) - 40 - dx, Math.floor(pixel / 81) - 20 - dy) < 4 ? 250 : 0;
      });
    const turned = transformed(disc(12, 0), size, affineMap({ rotation: 45 }), { fill: "edge" });
    const [sum, x, y, xx, yy] = turned.reduce(
      ([s, x, y, xx, yy], value, i) => {
        const [dx, dy] = [(Math.floor(i / 3) % 81) - 40, Math.floor(i / 3 / 81) - 20];
        return [s + value, x + value * dx, y + value * dy, xx + value * dx * dx, yy + value * dy * dy];
      },
      [0, 0, 0, 0, 0] as [number, number, number, number, number],
    );
    expect(x / sum).toBeCloseTo(12 * Math.SQRT1_2, 1);
    expect(y / sum).toBeCloseTo(12 * Math.SQRT1_2, 1);
    // Still a disc: as wide as high.
    expect(Math.abs((xx / sum - (x / sum) ** 2) / (yy / sum - (y / sum) ** 2) - 1)).toBeLessThan(0.02);
  });

  it("give bytes for any image size", () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (size, seed) => {
        const flat = new Uint8Array(size.height * size.width * 3).fill(77);
        const geometric = policy(...policies.strong.steps.filter(({ kind }) => kind !== "colour" && kind !== "erase"));
        expect(augmented(flat, size, geometric, seed)).toEqual(flat);
        augmented(flat, size, policies.strong, seed);
      }),
    );
  });

  it("refuse what cannot be", () => {
    expect(() => flip({ horizontal: 1.5 })).toThrow("flip: horizontal: expected a number from 0 to 1, got 1.5");
    expect(() => affine({ scale: [0, 1] })).toThrow("affine: scale: expected a number from 0.125 to 8, got 0");
    expect(() => affine({ scale: [1.2, 1.1] })).toThrow("affine: scale: expected a number from 1.2 to 8, got 1.1");
    expect(() => affine({ rotation: Number.NaN })).toThrow(RangeError);
    expect(() => colour({ hue: 200 })).toThrow(RangeError);
    expect(() => erase({ area: [0.1, 2] })).toThrow(RangeError);
    expect(() => resizedCrop({ aspect: [0, 1] })).toThrow(RangeError);
  });
});
