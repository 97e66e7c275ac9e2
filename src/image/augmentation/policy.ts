/** Augmentation policies as data: what may happen to a training image, and how far. */

/** Least and greatest value. */
export type Range = readonly [least: number, greatest: number];

/** Mirrors the image, each way with its own probability. */
export interface Flip {
  readonly kind: "flip";
  /** Left and right change places. */
  readonly horizontal: number;
  readonly vertical: number;
}

/** One of the eight flips and quarter turns of a square, all alike; of the four that keep the size where it is no square. */
export interface Dihedral {
  readonly kind: "dihedral";
}

/** Each part is drawn evenly, scales evenly in their logarithm. */
export interface AffineJitter {
  readonly kind: "affine";
  /** Largest angle to either side, in degrees. */
  readonly rotation: number;
  readonly scale: Range;
  /** Largest angle to either side, in degrees. */
  readonly shear: number;
  /** Largest shift to each side, as a part of width and height. */
  readonly translation: number;
}

/** A part of the image, brought to the whole's size (Szegedy et al. 2015). */
export interface ResizedCrop {
  readonly kind: "resizedCrop";
  /** The part's area over the whole's. */
  readonly area: Range;
  /** Width over height, relative to the image's own. */
  readonly aspect: Range;
}

/** Factors are drawn from 1 - x to 1 + x, the hue's angle to either side. */
export interface ColourJitter {
  readonly kind: "colour";
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** Degrees. */
  readonly hue: number;
}

/** A rectangle of random pixels over the image (Zhong et al. 2020). */
export interface Erase {
  readonly kind: "erase";
  readonly probability: number;
  /** The rectangle's area over the image's. */
  readonly area: Range;
  /** Width over height. */
  readonly aspect: Range;
}

/** One step of a policy. */
export type Augmentation = Flip | Dihedral | AffineJitter | ResizedCrop | ColourJitter | Erase;

/** What lies outside the image, where geometry looks there: its mirror image, or its outermost pixels drawn out. */
export type Fill = "reflect" | "edge";

/**
 * What is done to an image, in order. However many steps there are, the image is resampled once, recoloured once, and erased
 * last: geometric steps combine to one map and colour steps to one matrix.
 */
export interface AugmentationPolicy {
  readonly fill: Fill;
  readonly steps: readonly Augmentation[];
}

/** Between which values each number of a step lies; of a range both. */
export const stepLimits = {
  flip: { horizontal: [0, 1], vertical: [0, 1] },
  affine: { rotation: [0, 180], scale: [1 / 8, 8], shear: [0, 60], translation: [0, 1] },
  resizedCrop: { area: [0.001, 1], aspect: [0.1, 10] },
  colour: { brightness: [0, 1], contrast: [0, 1], saturation: [0, 1], hue: [0, 180] },
  erase: { probability: [0, 1], area: [0, 1], aspect: [0.1, 10] },
} as const satisfies Readonly<Partial<Record<Augmentation["kind"], Readonly<Record<string, Range>>>>>;

function checkNumber(what: string, value: number, [least, greatest]: Range): void {
  if (!(value >= least && value <= greatest))
    throw new RangeError(`${what}: expected a number from ${least} to ${greatest}, got ${value}`);
}

function checkRange(what: string, [least, greatest]: Range, limits: Range): void {
  checkNumber(what, least, limits);
  checkNumber(what, greatest, [least, limits[1]]);
}

/**
 * Mirrors an image left to right and top to bottom, each with its own probability, by default 0.5.
 *
 * @throws RangeError where a probability is no number from 0 to 1
 */
export function flip({ horizontal = 0.5, vertical = 0.5 } = {}): Flip {
  checkNumber("flip: horizontal", horizontal, stepLimits.flip.horizontal);
  checkNumber("flip: vertical", vertical, stepLimits.flip.vertical);
  return { kind: "flip", horizontal, vertical };
}

/** One of the eight flips and quarter turns of a square, all equally likely; of an image that is no square one of the four that keep its size. */
export const dihedral = (): Dihedral => ({ kind: "dihedral" });

/**
 * Rotation and shear up to an angle in degrees (0 by default), a scale from a range ([1, 1] by default) and a translation up to a part of
 * the size (0 by default), drawn evenly, scales in their logarithm.
 *
 * @throws RangeError where a rotation is beyond 180, a scale beyond 1/8 to 8, a shear beyond 60 or a translation beyond 1
 */
export function affine(options: Partial<Omit<AffineJitter, "kind">>): AffineJitter {
  const { rotation = 0, scale = [1, 1], shear = 0, translation = 0 } = options;
  checkNumber("affine: rotation", rotation, stepLimits.affine.rotation);
  checkRange("affine: scale", scale, stepLimits.affine.scale);
  checkNumber("affine: shear", shear, stepLimits.affine.shear);
  checkNumber("affine: translation", translation, stepLimits.affine.translation);
  return { kind: "affine", rotation, scale, shear, translation };
}

/**
 * A part of the image, brought to the whole's size; by default half of its area or more, with an aspect from 3/4 to 4/3 of its own.
 *
 * @throws RangeError where an area is beyond 0.001 to 1 or an aspect beyond 0.1 to 10
 */
export function resizedCrop(options: Partial<Omit<ResizedCrop, "kind">> = {}): ResizedCrop {
  const { area = [0.5, 1], aspect = [3 / 4, 4 / 3] } = options;
  checkRange("resizedCrop: area", area, stepLimits.resizedCrop.area);
  checkRange("resizedCrop: aspect", aspect, stepLimits.resizedCrop.aspect);
  return { kind: "resizedCrop", area, aspect };
}

/**
 * Varies brightness, contrast and saturation by a factor from 1 - x to 1 + x, and the hue by up to so many degrees; each is 0 by default.
 *
 * @throws RangeError where a factor's x is beyond 1 or the hue beyond 180
 */
export function colour(options: Partial<Omit<ColourJitter, "kind">>): ColourJitter {
  const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = options;
  checkNumber("colour: brightness", brightness, stepLimits.colour.brightness);
  checkNumber("colour: contrast", contrast, stepLimits.colour.contrast);
  checkNumber("colour: saturation", saturation, stepLimits.colour.saturation);
  checkNumber("colour: hue", hue, stepLimits.colour.hue);
  return { kind: "colour", brightness, contrast, saturation, hue };
}

/**
 * A rectangle of random pixels over the image; by default with a probability of 0.25, over 2 to 20 % of its area, with an aspect from
 * 0.3 to 1 / 0.3.
 *
 * @throws RangeError where a probability or area is beyond 0 to 1 or an aspect beyond 0.1 to 10
 */
export function erase(options: Partial<Omit<Erase, "kind">> = {}): Erase {
  const { probability = 0.25, area = [0.02, 0.2], aspect = [0.3, 1 / 0.3] } = options;
  checkNumber("erase: probability", probability, stepLimits.erase.probability);
  checkRange("erase: area", area, stepLimits.erase.area);
  checkRange("erase: aspect", aspect, stepLimits.erase.aspect);
  return { kind: "erase", probability, area, aspect };
}

/** The names of the policies that naevus brings. */
export const policyNames = ["none", "flips", "standard", "strong"] as const;

/** The name of a policy that naevus brings. */
export type PolicyName = (typeof policyNames)[number];

/**
 * Policies for photographs of skin lesions, which have no up and no down but whose colour tells: geometry is free, hue hardly.
 */
export const policies: Readonly<Record<PolicyName, AugmentationPolicy>> = {
  none: { fill: "reflect", steps: [] },
  flips: { fill: "reflect", steps: [dihedral()] },
  standard: {
    fill: "reflect",
    steps: [
      dihedral(),
      affine({ rotation: 45, scale: [0.9, 1.2], shear: 5, translation: 0.05 }),
      colour({ brightness: 0.15, contrast: 0.15, saturation: 0.15, hue: 5 }),
    ],
  },
  strong: {
    fill: "reflect",
    steps: [
      dihedral(),
      resizedCrop({ area: [0.4, 1] }),
      affine({ rotation: 45, scale: [0.9, 1.1], shear: 10, translation: 0.05 }),
      colour({ brightness: 0.25, contrast: 0.25, saturation: 0.2, hue: 8 }),
      erase({ probability: 0.25 }),
    ],
  },
};

/** The policy with random erasing (Zhong et al. 2020) of that probability in place of its own; 0 for none. Throws RangeError. */
export function withErasing({ fill, steps }: AugmentationPolicy, probability: number): AugmentationPolicy {
  const others = steps.filter(({ kind }) => kind !== "erase");
  const step = erase({ probability });
  return { fill, steps: probability > 0 ? [...others, step] : others };
}
