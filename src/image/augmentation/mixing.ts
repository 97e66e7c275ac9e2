/** Mixing of the images of a batch, two by two, and of their targets: mixup and CutMix. */
import type { Random } from "../../random.ts";
import { symmetricBeta } from "./beta.ts";
import type { Rectangle } from "./transform.ts";

/** Where both are above 0, each pair is mixed in the one way or the other, evenly. */
export interface Mixing {
  /** The alpha of mixup (Zhang et al. 2018); 0 for none. The greater, the more even the mixtures. */
  readonly mixup: number;
  /** The alpha of CutMix (Yun et al. 2019); 0 for none. */
  readonly cutmix: number;
}

/** A batch of RGB images, (batch, height, width, 3), and the probabilities of their classes, (batch, classes). */
export interface MixableBatch {
  readonly images: Uint8Array;
  readonly targets: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

/** 128, for rounding, in each of two 16-bit numbers. */
const halves = 0x800080;

/** 256 times the mixture of two bytes each, rounded up by a half. No sum reaches beyond its 16 bits, whatever its parts do. */
const mixTwo = (a: number, b: number, part: number): number => Math.imul(a - b, part) + (b << 8) + halves;

/** The same with a and b exchanged: both together are 256 times their sum. */
const mixTwoBack = (a: number, b: number, mixed: number): number => ((a + b) << 8) + 2 * halves - mixed;

const joinBytes = (even: number, odd: number): number => ((even >>> 8) & 0xff00ff) | (odd & 0xff00ff00);

/** Both images of a pair, and their targets, become mixtures: `part` / 256 of the one and the rest of the other. */
export function mixPair(batch: MixableBatch, one: number, other: number, part: number): void {
  const { images, height, width } = batch;
  const view = new DataView(images.buffer, images.byteOffset, images.length);
  const bytes = height * width * 3;
  const [start, otherStart] = [one * bytes, other * bytes];
  // Four bytes at a time, every second of them together: no product reaches beyond its 16 bits.
  const whole = bytes & ~3;
  for (let i = start, j = otherStart; i < start + whole; i += 4, j += 4) {
    const a = view.getInt32(i, true);
    const b = view.getInt32(j, true);
    const [evenA, evenB] = [a & 0xff00ff, b & 0xff00ff];
    const [oddA, oddB] = [(a >>> 8) & 0xff00ff, (b >>> 8) & 0xff00ff];
    const even = mixTwo(evenA, evenB, part);
    const odd = mixTwo(oddA, oddB, part);
    view.setInt32(i, joinBytes(even, odd), true);
    view.setInt32(j, joinBytes(mixTwoBack(evenA, evenB, even), mixTwoBack(oddA, oddB, odd)), true);
  }
  for (let i = start + whole, j = otherStart + whole; i < start + bytes; i++, j++) {
    const a = images[i]!;
    const b = images[j]!;
    const mixed = mixTwo(a, b, part);
    images[i] = mixed >> 8;
    images[j] = mixTwoBack(a, b, mixed) >> 8;
  }
  mixTargets(batch, one, other, part / 256);
}

/** The two images of a pair exchange a rectangle, and their targets as much as its part of the area. */
export function cutPair(batch: MixableBatch, one: number, other: number, rectangle: Rectangle): void {
  const { images, height, width: imageWidth } = batch;
  const { left, top, width, height: rows } = rectangle;
  const bytes = height * imageWidth * 3;
  for (let y = top; y < top + rows; y++) {
    const start = (y * imageWidth + left) * 3;
    const [i, j] = [one * bytes + start, other * bytes + start];
    const kept = images.slice(i, i + width * 3);
    images.copyWithin(i, j, j + width * 3);
    images.set(kept, j);
  }
  mixTargets(batch, one, other, 1 - (width * rows) / (imageWidth * height));
}

function mixTargets({ targets, classes }: MixableBatch, one: number, other: number, part: number): void {
  for (let c = 0; c < classes; c++) {
    const a = targets[one * classes + c]!;
    const b = targets[other * classes + c]!;
    targets[one * classes + c] = part * a + (1 - part) * b;
    targets[other * classes + c] = part * b + (1 - part) * a;
  }
}

/** CutMix's rectangle: of `area`'s part of the image, centred anywhere, cut off at the border. */
export function drawRectangle(area: number, random: Random, height: number, width: number): Rectangle {
  const side = Math.sqrt(area);
  const along = (length: number): readonly [number, number] => {
    const cut = Math.round(length * side);
    const start = random.integer(length) - (cut >> 1);
    return [Math.max(0, start), Math.min(length, start + cut)];
  };
  const [left, right] = along(width);
  const [top, bottom] = along(height);
  return { left, top, width: right - left, height: bottom - top };
}

/**
 * Mixes the first image with the last, the second with the last but one, and so on, in place: as batches are shuffled,
 * every image may meet every other. Each pair draws its own proportion; targets say exactly what was mixed.
 */
export function mixBatch(batch: MixableBatch, { mixup, cutmix }: Mixing, random: Random): void {
  const { targets, classes, height, width } = batch;
  const count = targets.length / classes;
  for (let one = 0, other = count - 1; one < other; one++, other--) {
    const cut = cutmix > 0 && (mixup === 0 || random.uniform() < 0.5);
    if (cut) {
      const area = 1 - symmetricBeta(cutmix, random);
      cutPair(batch, one, other, drawRectangle(area, random, height, width));
    } else if (mixup > 0) {
      mixPair(batch, one, other, Math.round(symmetricBeta(mixup, random) * 256));
    }
  }
}
