/** The phantom data set's classes: how many images each has, and what its lesions look like. */

/**
 * The range that each trait of a class is drawn from, image by image. A value below 0 counts as 0, so a range that reaches
 * below 0 makes a trait that only some of the images show.
 */
export type TraitRanges = { readonly [name in Trait]: readonly [low: number, high: number] };

/** What a lesion is drawn from. Strengths are about 0 to 1. */
export type Trait =
  /** Mean radius, as a fraction of the image's side. */
  | "radius"
  /** How much longer than wide. */
  | "elongation"
  /** Waviness of the outline. */
  | "irregularity"
  /** Width of the transition to the skin, as a fraction of the radius. */
  | "softness"
  /** Optical density of brown pigment and of blood. */
  | "melanin"
  | "blood"
  /** Patches that are darker and lighter; and one half darker than the other. */
  | "variegation"
  | "asymmetry"
  /** Structures that dermoscopy knows by these names. */
  | "network"
  | "globules"
  | "streaks"
  | "veil"
  | "nests"
  | "vessels"
  | "dots"
  | "scar"
  | "keratin"
  | "cysts"
  | "openings"
  | "lacunae"
  | "follicles";

/** The values of one lesion. */
export type Traits = { readonly [name in Trait]: number };

const common: TraitRanges = {
  radius: [0.2, 0.42],
  elongation: [0, 0.5],
  irregularity: [0.03, 0.15],
  softness: [0.1, 0.35],
  melanin: [0.2, 0.8],
  blood: [0.05, 0.3],
  variegation: [0.1, 0.4],
  asymmetry: [0, 0.4],
  network: [-1.2, 0.35],
  globules: [-1.6, 0.4],
  streaks: [-3, 0.4],
  veil: [-3, 0.4],
  nests: [-3, 0.4],
  vessels: [-3, 0.5],
  dots: [-2.5, 0.4],
  scar: [-3, 0.4],
  keratin: [-2.5, 0.4],
  cysts: [-2.5, 0.4],
  openings: [-2.5, 0.4],
  lacunae: [-5, 0.4],
  follicles: [-3, 0.4],
};

/** A class of the phantom set; the counts are those of the published 9-class ISIC set, 2,357 images in all. */
export interface PhantomClass {
  readonly name: string;
  readonly train: number;
  readonly test: number;
  readonly traits: TraitRanges;
}

const phantomClass = (name: string, train: number, test: number, own: Partial<TraitRanges>): PhantomClass => ({
  name,
  train,
  test,
  traits: { ...common, ...own },
});

/** The nine classes of the ISIC set, with as many images of each, as drawings. */
export const phantomClasses: readonly PhantomClass[] = [
  phantomClass("actinic keratosis", 114, 16, {
    softness: [0.35, 0.8],
    melanin: [0, 0.3],
    blood: [0.3, 0.7],
    follicles: [-0.2, 0.9],
    keratin: [-1, 0.4],
    network: [-2, 0.2],
  }),
  phantomClass("basal cell carcinoma", 376, 16, {
    softness: [0.2, 0.5],
    melanin: [0, 0.35],
    blood: [0.15, 0.5],
    vessels: [-0.15, 1],
    nests: [-0.4, 0.9],
    network: [-2, 0.1],
  }),
  phantomClass("dermatofibroma", 95, 16, {
    radius: [0.2, 0.34],
    elongation: [0, 0.25],
    irregularity: [0.02, 0.07],
    softness: [0.35, 0.7],
    melanin: [0.2, 0.55],
    scar: [-0.1, 0.9],
    network: [-0.3, 0.5],
  }),
  phantomClass("melanoma", 438, 16, {
    radius: [0.28, 0.48],
    irregularity: [0.08, 0.28],
    melanin: [0.6, 1.7],
    variegation: [0.3, 0.9],
    asymmetry: [0.2, 0.9],
    network: [-0.3, 0.7],
    streaks: [-0.7, 0.8],
    veil: [-0.5, 0.9],
    globules: [-0.7, 0.6],
  }),
  phantomClass("nevus", 357, 16, {
    elongation: [0, 0.35],
    irregularity: [0.02, 0.1],
    melanin: [0.4, 1.3],
    variegation: [0.05, 0.3],
    asymmetry: [0, 0.25],
    network: [-0.2, 0.9],
    globules: [-0.5, 0.8],
  }),
  phantomClass("pigmented benign keratosis", 462, 16, {
    irregularity: [0.04, 0.16],
    softness: [0.05, 0.2],
    melanin: [0.25, 0.75],
    variegation: [0.2, 0.55],
    openings: [-0.6, 0.6],
    follicles: [-0.4, 0.8],
    network: [-2, 0.3],
  }),
  phantomClass("seborrheic keratosis", 77, 3, {
    radius: [0.28, 0.46],
    softness: [0.03, 0.12],
    melanin: [0.5, 1.4],
    variegation: [0.2, 0.6],
    cysts: [-0.15, 1],
    openings: [-0.3, 0.9],
    network: [-2, 0.2],
  }),
  phantomClass("squamous cell carcinoma", 181, 16, {
    melanin: [0, 0.3],
    blood: [0.3, 0.8],
    keratin: [-0.05, 1],
    dots: [-0.2, 1],
    irregularity: [0.05, 0.2],
    network: [-2, 0.1],
  }),
  phantomClass("vascular lesion", 139, 3, {
    radius: [0.16, 0.36],
    elongation: [0, 0.35],
    softness: [0.05, 0.25],
    melanin: [0, 0.25],
    blood: [0.7, 1.6],
    lacunae: [-0.2, 1],
    network: [-3, 0.1],
    veil: [-1, 0.5],
  }),
];
