/** `naevus/augmentation`: augmentation: policies, the transforms that are drawn from them, and what they make of pixels. */
import "../../node-version.ts";

export type { AffineParts } from "../../image/augmentation/affine.ts";
export { type Affine, affineMap, compose, invert } from "../../image/augmentation/affine.ts";
export { Augmenter, Transformer } from "../../image/augmentation/augmenter.ts";
export {
  brightness,
  type ColourMatrix,
  composeColour,
  contrast,
  hueRotation,
  saturation,
} from "../../image/augmentation/colour-matrix.ts";
export { augmentationGallery, type GalleryRow } from "../../image/augmentation/gallery.ts";
export type { MixableBatch } from "../../image/augmentation/mixing.ts";
export { type Mixing, mixBatch } from "../../image/augmentation/mixing.ts";
export { parsePolicy } from "../../image/augmentation/parse-policy.ts";
export type {
  AffineJitter,
  ColourJitter,
  Dihedral,
  Erase,
  Fill,
  Flip,
  Range,
  ResizedCrop,
} from "../../image/augmentation/policy.ts";
export {
  type Augmentation,
  type AugmentationPolicy,
  affine,
  colour,
  dihedral,
  erase,
  flip,
  type PolicyName,
  policies,
  policyNames,
  resizedCrop,
  withErasing,
} from "../../image/augmentation/policy.ts";
export { readPolicy } from "../../image/augmentation/read-policy.ts";
export type { Erasure, Rectangle, Size } from "../../image/augmentation/transform.ts";
export { drawTransform, type Transform } from "../../image/augmentation/transform.ts";
export { Random } from "../../random.ts";
