/** Augments images one by one, without a new buffer for any of them. */
import { Random } from "../../random.ts";
import { brightness, type ColourMatrix } from "./colour-matrix.ts";
import { PixelKernels } from "./pixel-kernels.ts";
import type { AugmentationPolicy, Fill } from "./policy.ts";
import { resample } from "./resampling.ts";
import { drawTransform, type Erasure, type Size, type Transform } from "./transform.ts";

/** Applies transforms to RGB images of one size, (height, width, 3). */
export class Transformer {
  readonly #size: Size;
  readonly #kernels: PixelKernels;

  constructor(size: Size, fill: Fill) {
    this.#size = size;
    this.#kernels = new PixelKernels(size, fill);
  }

  /** Writes the changed image into `out`, which may be `image` itself. */
  apply(image: Uint8Array, { geometry, colour, erasures }: Transform, out: Uint8Array): void {
    const kernels = this.#kernels;
    kernels.image.set(image);
    kernels.pack();
    kernels.recolour(weightsOf(colour ?? sameColour));
    resample(kernels, this.#size, geometry);
    out.set(kernels.image);
    for (const erasure of erasures) eraseRectangle(out, this.#size.width, erasure);
  }
}

const sameColour = brightness(1);

/** Weights are in units of 1/4096, their offsets with a half added, so that dropping the fraction rounds. */
const weightsOf = (colour: ColourMatrix): number[] =>
  colour.map((weight, i) => Math.round(weight * 4096) + (i % 4 === 3 ? 2048 : 0));

function eraseRectangle(out: Uint8Array, imageWidth: number, { left, top, width, height, seed }: Erasure): void {
  const random = Random.of(seed);
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) {
      const noise = random.uint32();
      const at = (y * imageWidth + x) * 3;
      out[at] = noise;
      out[at + 1] = noise >>> 8;
      out[at + 2] = noise >>> 16;
    }
  }
}

/** Draws and applies what a policy says, image by image. */
export class Augmenter {
  readonly #policy: AugmentationPolicy;
  readonly #size: Size;
  readonly #transformer: Transformer;

  constructor(policy: AugmentationPolicy, size: Size) {
    this.#policy = policy;
    this.#size = size;
    this.#transformer = new Transformer(size, policy.fill);
  }

  /** Writes one augmentation of an RGB image, (height, width, 3), into `out`, which may be `image` itself. */
  augment(image: Uint8Array, random: Random, out: Uint8Array): void {
    if (this.#policy.steps.length > 0) {
      this.#transformer.apply(image, drawTransform(this.#policy, random, this.#size), out);
    } else if (out !== image) out.set(image);
  }
}
