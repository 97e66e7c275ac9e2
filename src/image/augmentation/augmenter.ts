/** Augments images one by one, without a new buffer for any of them. */
import { Random } from "../../random.ts";
import type { ColourMatrix } from "./colour-matrix.ts";
import type { AugmentationPolicy, Fill } from "./policy.ts";
import { packPixels, Resampling, unpackPixels } from "./resampling.ts";
import { drawTransform, type Erasure, type Transform } from "./transform.ts";

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Applies transforms to RGB images of one size, (height, width, 3). */
export class Transformer {
  readonly #size: Size;
  readonly #pixels: Int32Array;
  readonly #row: Int32Array;
  readonly #weights = new Int32Array(12);
  readonly #resampling: Resampling;

  constructor(size: Size, fill: Fill) {
    this.#size = size;
    this.#pixels = new Int32Array(size.height * size.width);
    this.#row = new Int32Array(size.width);
    this.#resampling = new Resampling(this.#pixels, size, fill);
  }

  /** Writes the changed image into `out`, which may be `image` itself. */
  apply(image: Uint8Array, { geometry, colour, erasures }: Transform, out: Uint8Array): void {
    const { height, width } = this.#size;
    packPixels(image, this.#pixels);
    this.#resampling.use(geometry);
    if (colour) setWeights(colour, this.#weights);
    const view = new DataView(out.buffer, out.byteOffset, out.length);
    for (let y = 0; y < height; y++) {
      this.#resampling.readRow(y, this.#row);
      if (colour) recolour(this.#row, this.#weights);
      unpackPixels(this.#row, view, y * width * 3);
    }
    for (const erasure of erasures) eraseRectangle(out, width, erasure);
  }
}

/** Weights are in units of 1/4096, their offsets with a half added, so that dropping the fraction rounds. */
function setWeights(colour: ColourMatrix, weights: Int32Array): void {
  for (let i = 0; i < 12; i++) weights[i] = Math.round(colour[i]! * 4096) + (i % 4 === 3 ? 2048 : 0);
}

const clamp = (value: number): number => Math.max(0, Math.min(value, 255));

function recolour(row: Int32Array, weights: Int32Array): void {
  const [rr, rg, rb, r0] = [weights[0]!, weights[1]!, weights[2]!, weights[3]!];
  const [gr, gg, gb, g0] = [weights[4]!, weights[5]!, weights[6]!, weights[7]!];
  const [br, bg, bb, b0] = [weights[8]!, weights[9]!, weights[10]!, weights[11]!];
  for (let i = 0; i < row.length; i++) {
    const pixel = row[i]!;
    const r = pixel & 0xff;
    const g = (pixel >>> 8) & 0xff;
    const b = pixel >>> 16;
    let red = (Math.imul(rr, r) + Math.imul(rg, g) + Math.imul(rb, b) + r0) >> 12;
    let green = (Math.imul(gr, r) + Math.imul(gg, g) + Math.imul(gb, b) + g0) >> 12;
    let blue = (Math.imul(br, r) + Math.imul(bg, g) + Math.imul(bb, b) + b0) >> 12;
    if (((red | green | blue) & ~0xff) !== 0) {
      red = clamp(red);
      green = clamp(green);
      blue = clamp(blue);
    }
    row[i] = red | (green << 8) | (blue << 16);
  }
}

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
