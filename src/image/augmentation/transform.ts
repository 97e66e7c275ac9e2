/** What an augmentation policy draws for one image: one map, one colour matrix, and the rectangles to erase. */
import type { Random } from "../../random.ts";
import { type Affine, affineMap, compose, dihedralMaps, identity } from "./affine.ts";
import { brightness, type ColourMatrix, composeColour, contrast, hueRotation, saturation } from "./colour-matrix.ts";
import type { Augmentation, AugmentationPolicy, Range } from "./policy.ts";

/** A rectangle of pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle to be covered by the random pixels of a seed. */
export interface Erasure extends Rectangle {
  readonly seed: number;
}

/** A change of one image, without chance. */
export interface Transform {
  readonly geometry: Affine;
  /** Undefined where colours stay as they are. */
  readonly colour: ColourMatrix | undefined;
  readonly erasures: readonly Erasure[];
}

/** Of an image, in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

const between = (random: Random, [least, greatest]: Range): number => least + random.uniform() * (greatest - least);

const around = (random: Random, centre: number, spread: number): number =>
  between(random, [centre - spread, centre + spread]);

const betweenInLogarithm = (random: Random, [least, greatest]: Range): number =>
  least * (greatest / least) ** random.uniform();

/**
 * Width and height, as parts of the whole, of a rectangle that fits into it; undefined where ten draws did not. `unit` is the first part over
 * the second of an aspect of 1: 1 where aspects are relative to the whole's own.
 */
function drawParts(
  random: Random,
  { area, aspect }: { readonly area: Range; readonly aspect: Range },
  unit = 1,
): readonly [number, number] | undefined {
  for (let attempt = 0; attempt < 10; attempt++) {
    const part = between(random, area);
    const ratio = betweenInLogarithm(random, aspect) * unit;
    const [width, height] = [Math.sqrt(part * ratio), Math.sqrt(part / ratio)];
    if (width <= 1 && height <= 1) return [width, height];
  }
  return undefined;
}

/** What one step adds. */
interface Part {
  readonly geometry?: Affine;
  readonly colour?: ColourMatrix;
  readonly erasure?: Erasure;
}

type Rule<K extends Augmentation["kind"]> = (
  step: Extract<Augmentation, { readonly kind: K }>,
  random: Random,
  size: Size,
) => Part;

const rules: { readonly [K in Augmentation["kind"]]: Rule<K> } = {
  flip({ horizontal, vertical }, random) {
    const x = random.uniform() < horizontal ? -1 : 1;
    const y = random.uniform() < vertical ? -1 : 1;
    return { geometry: [x, 0, 0, 0, y, 0] };
  },
  dihedral(_, random, { width, height }) {
    const drawn = random.integer(8);
    // Without its lowest bit, the number of quarter turns is even.
    return { geometry: dihedralMaps[width === height ? drawn : drawn & ~1]! };
  },
  affine({ rotation, scale, shear, translation }, random, { width, height }) {
    return {
      geometry: affineMap({
        rotation: around(random, 0, rotation),
        scale: betweenInLogarithm(random, scale),
        shear: around(random, 0, shear),
        translation: [around(random, 0, translation) * width, around(random, 0, translation) * height],
      }),
    };
  },
  resizedCrop(step, random, size) {
    const [width, height] = drawParts(random, step) ?? [1, 1];
    const x = around(random, 0, ((1 - width) / 2) * size.width);
    const y = around(random, 0, ((1 - height) / 2) * size.height);
    return { geometry: [width, 0, x, 0, height, y] };
  },
  colour(step, random) {
    const matrices = [
      brightness(around(random, 1, step.brightness)),
      contrast(around(random, 1, step.contrast)),
      saturation(around(random, 1, step.saturation)),
      hueRotation(around(random, 0, step.hue)),
    ];
    return { colour: matrices.reduce((first, second) => composeColour(second, first)) };
  },
  erase(step, random, size) {
    const wanted = random.uniform() < step.probability;
    const parts = wanted ? drawParts(random, step, size.height / size.width) : undefined;
    if (parts === undefined) return {};
    const [width, height] = [Math.round(parts[0] * size.width), Math.round(parts[1] * size.height)];
    const left = random.integer(size.width - width + 1);
    const top = random.integer(size.height - height + 1);
    return { erasure: { left, top, width, height, seed: random.uint32() } };
  },
};

/** Draws what happens to one image of the given size. */
export function drawTransform({ steps }: AugmentationPolicy, random: Random, size: Size): Transform {
  let geometry = identity;
  let colour: ColourMatrix | undefined;
  const erasures: Erasure[] = [];
  for (const step of steps) {
    const rule = rules[step.kind] as Rule<typeof step.kind>;
    const part = rule(step as never, random, size);
    if (part.geometry) geometry = compose(geometry, part.geometry);
    if (part.colour) colour = colour ? composeColour(part.colour, colour) : part.colour;
    if (part.erasure) erasures.push(part.erasure);
  }
  return { geometry, colour, erasures };
}
