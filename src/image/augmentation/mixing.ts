/** Mixing of the images of a batch, two by two, and of their targets: mixup and CutMix. */
import {
  type Code,
  i8x16,
  i16x8,
  i32,
  i32x4,
  instantiate,
  type Local,
  repeat,
  v128,
  wasmFunction,
} from "../../formats/web-assembly.ts";
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

/** So many bytes of both images are mixed at a time, which stay in the nearest cache. */
const chunk = 12 * 1024;

/** Sixteen bytes each of two images at a time, in whole numbers: the same bytes on every machine. */
const mix = wasmFunction(3, (variable, at, end, part) => {
  const [one, other, weight, rest] = [variable("v128"), variable("v128"), variable("v128"), variable("v128")];
  const [low, high] = [variable("v128"), variable("v128")];
  const half = i32x4.const([0x800080, 0x800080, 0x800080, 0x800080]);
  const whole = i32x4.const([0x1000100, 0x1000100, 0x1000100, 0x1000100]);
  /** 256 times the mixture, and a half for rounding. No sum reaches beyond its 16 bits. */
  const mixed = (a: Code, b: Code) => i16x8.add(i16x8.add(i16x8.mul(a, weight.get), i16x8.mul(b, rest.get)), half);
  /** The same with a and b exchanged: both together are 256 (a + b + 1). */
  const mixedBack = (a: Code, b: Code, there: Local) =>
    i16x8.sub(i16x8.add(i16x8.shiftLeft(i16x8.add(a, b), i32.const(8)), whole), there.get);
  const bytes = (ofLow: Code, ofHigh: Code) =>
    i8x16.narrowUnsigned(i16x8.shiftRightUnsigned(ofLow, i32.const(8)), i16x8.shiftRightUnsigned(ofHigh, i32.const(8)));
  const [lows, highs] = [i16x8.extendLowUnsigned, i16x8.extendHighUnsigned].map(
    (extend) => [extend(one.get), extend(other.get)] as const,
  ) as [readonly [Code, Code], readonly [Code, Code]];
  return [
    weight.set(i16x8.splat(part.get)),
    rest.set(i16x8.sub(whole, weight.get)),
    repeat(
      [
        one.set(v128.load(at.get)),
        other.set(v128.load(i32.add(at.get, i32.const(chunk)))),
        low.set(mixed(...lows)),
        high.set(mixed(...highs)),
        v128.store(at.get, bytes(low.get, high.get)),
        v128.store(i32.add(at.get, i32.const(chunk)), bytes(mixedBack(...lows, low), mixedBack(...highs, high))),
        at.set(i32.add(at.get, i32.const(16))),
      ],
      i32.lessThan(at.get, end.get),
    ),
  ];
});

/** Mixes the bytes of two images of one size in place: `part` / 256 of the one and the rest of the other, rounded to the nearest. */
type MixBytes = (one: Uint8Array, other: Uint8Array, part: number) => void;

let compiled: MixBytes | undefined;

function compile(): MixBytes {
  const { memory, call } = instantiate({ mix }, 2 * chunk);
  const [here, there] = [new Uint8Array(memory, 0, chunk), new Uint8Array(memory, chunk, chunk)];
  return (one, other, part) => {
    for (let start = 0; start < one.length; start += chunk) {
      const [a, b] = [one.subarray(start, start + chunk), other.subarray(start, start + chunk)];
      here.set(a);
      there.set(b);
      call.mix(0, a.length, part);
      a.set(here.subarray(0, a.length));
      b.set(there.subarray(0, b.length));
    }
  };
}

/** Both images of a pair, and their targets, become mixtures: `part` / 256 of the one and the rest of the other. */
export function mixPair(batch: MixableBatch, one: number, other: number, part: number): void {
  const { images, height, width } = batch;
  const bytes = height * width * 3;
  const image = (index: number) => images.subarray(index * bytes, (index + 1) * bytes);
  compiled ??= compile();
  compiled(image(one), image(other), part);
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
export function mixBatch(batch: MixableBatch, mixing: Mixing, random: Random): void {
  const count = batch.targets.length / batch.classes;
  mixPairs(batch, mixing, random, 0, Math.ceil(count / 2));
}

/** Mixes the pairs from the one of that number to the one before `to` as {@link mixBatch} does, which mixes all. */
export function mixPairs(
  batch: MixableBatch,
  { mixup, cutmix }: Mixing,
  random: Random,
  from: number,
  to: number,
): void {
  const { targets, classes, height, width } = batch;
  const count = targets.length / classes;
  for (let one = 0, other = count - 1; one < other; one++, other--) {
    // What one pair draws depends on what the others drew before it.
    const isMixed = one >= from && one < to;
    const cut = cutmix > 0 && (mixup === 0 || random.uniform() < 0.5);
    if (cut) {
      const area = 1 - symmetricBeta(cutmix, random);
      const rectangle = drawRectangle(area, random, height, width);
      if (isMixed) cutPair(batch, one, other, rectangle);
    } else if (mixup > 0) {
      const part = Math.round(symmetricBeta(mixup, random) * 256);
      if (isMixed) mixPair(batch, one, other, part);
    }
  }
}
