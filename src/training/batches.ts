/** Batches for the engine: images read, augmented and mixed, and the targets that belong to them. */
import { Augmenter } from "../image/augmentation/augmenter.ts";
import { type Mixing, mixPairs } from "../image/augmentation/mixing.ts";
import { type AugmentationPolicy, policies } from "../image/augmentation/policy.ts";
import { Random } from "../random.ts";

/** What happens to images and labels on their way to the engine. */
export interface BatchPreparation {
  readonly augmentation: AugmentationPolicy;
  readonly mixing: Mixing;
}

/** Images as they are, and their own labels. */
export const plainPreparation: BatchPreparation = {
  augmentation: policies.none,
  mixing: { mixup: 0, cutmix: 0 },
};

/** All that decides what becomes of a batch. Plain data, which another thread can be given. */
export interface BatchRecipe extends BatchPreparation {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  readonly seed: number;
}

/** Which images make a batch, and when. */
export interface BatchJob {
  readonly epoch: number;
  readonly step: number;
  /** Indices of images. */
  readonly indices: Uint32Array;
  /** Their classes. */
  readonly labels: Uint32Array;
}

/** What the engine is given. */
export interface Batch {
  /** RGB, (batch, height, width, 3). */
  readonly input: Uint8Array;
  /** Probabilities, (batch, classes): what each image shows, mixtures included. Smoothing is the loss's. */
  readonly targets: Float32Array;
}

/** Which of so many equal parts; the first is 0. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** What random numbers are for: the third part of their path, after seed and epoch. */
const purpose = { image: 0, mixing: 1 } as const;

/**
 * Makes batches. A batch is a function of the recipe and the job alone: an image's random numbers come from (seed, epoch,
 * position in the epoch), a mixture's from (seed, epoch, step), so that it does not matter which thread makes it, or when.
 */
export class BatchMaker {
  readonly #recipe: BatchRecipe;
  readonly #read: (indices: ArrayLike<number>, out: Uint8Array) => void;
  readonly #augmenter: Augmenter;

  constructor(recipe: BatchRecipe, read: (indices: ArrayLike<number>, out: Uint8Array) => void) {
    this.#recipe = recipe;
    this.#read = read;
    this.#augmenter = new Augmenter(recipe.augmentation, recipe);
  }

  /**
   * Fills `out`, or one of several equal shares of it: makers that are given all shares of a job make the batch together, each whole pairs of
   * images that may be mixed.
   */
  make(job: BatchJob, out: Batch, share: Share = { index: 0, of: 1 }): void {
    const { height, width, classes, seed, mixing } = this.#recipe;
    const { epoch, step } = job;
    const count = job.indices.length;
    const pairs = Math.ceil(count / 2);
    const from = Math.floor((pairs * share.index) / share.of);
    const to = Math.floor((pairs * (share.index + 1)) / share.of);
    // The first images of pairs and the last ones; where the two meet, all at once.
    if (to < count - to) {
      this.#makeImages(from, to, job, out);
      this.#makeImages(count - to, count - from, job, out);
    } else {
      this.#makeImages(from, count - from, job, out);
    }
    const batch = { images: out.input, targets: out.targets, height, width, classes };
    mixPairs(batch, mixing, Random.of(seed, epoch, purpose.mixing, step), from, to);
  }

  /** Those from row `from` to the one before `to`, and their targets, not mixed yet. */
  #makeImages(from: number, to: number, { epoch, step, indices, labels }: BatchJob, { input, targets }: Batch): void {
    if (from >= to) return;
    const { height, width, classes, seed } = this.#recipe;
    const bytes = height * width * 3;
    this.#read(indices.subarray(from, to), input.subarray(from * bytes, to * bytes));
    for (let row = from; row < to; row++) {
      const image = input.subarray(row * bytes, (row + 1) * bytes);
      this.#augmenter.augment(image, Random.of(seed, epoch, purpose.image, step * indices.length + row), image);
    }
    targets.fill(0, from * classes, to * classes);
    for (let row = from; row < to; row++) targets[row * classes + labels[row]!] = 1;
  }
}
