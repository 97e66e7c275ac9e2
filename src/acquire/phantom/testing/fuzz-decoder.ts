/** The process of fuzz.proof.ts: decodes damaged images of a range of numbers, and writes of each what came out, as lines of JSON. */
import { writeSync } from "node:fs";
import { decodeFull } from "../../../image/decoding/decode.ts";
import type { RgbImage } from "../../../image/rgb-image.ts";
import { damagedImage, soundImages } from "./damaged-phantoms.ts";

/** What came out of one image. */
export interface Outcome {
  readonly number: number;
  readonly format: string;
  readonly variant: string;
  readonly damage: string;
  readonly seconds: number;
  readonly refused: boolean;
  /** An error that is none of an image. */
  readonly other: string | undefined;
  /** The part of the picture that is wrong, from 0 to 1. */
  readonly wrong: number;
}

const [seed, from, to, step] = process.argv.slice(2).map(Number) as [number, number, number, number];
const say = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);

const images = await soundImages(seed);
const sound = new Map<object, RgbImage>();
for (const image of images) sound.set(image, await decodeFull(image.file, "sound"));
for (let number = from; number < to; number += step) {
  // Said before it is decoded: the last one said is the one that ends the process.
  say({ number });
  const { image, damage, file } = damagedImage(images, seed, number);
  const start = performance.now();
  const result = await decodeFull(file, "damaged").catch((error: Error) => error);
  const seconds = (performance.now() - start) / 1000;
  const refused = result instanceof Error;
  const outcome: Outcome = {
    number,
    format: image.format,
    variant: image.variant,
    damage,
    seconds,
    refused,
    other: refused && result.name !== "ImageError" ? String(result.stack) : undefined,
    wrong: refused ? 0 : wrongPart(result, sound.get(image)!),
  };
  say(outcome);
}
say({ megabytes: process.resourceUsage().maxRSS / 1024 });

/** Of the pixels, those that differ by more than 16 levels; all where the size differs. */
function wrongPart(got: RgbImage, wanted: RgbImage): number {
  if (got.width !== wanted.width || got.height !== wanted.height) return 1;
  const differs = (i: number): boolean => Math.abs(got.data[i]! - wanted.data[i]!) > 16;
  let wrong = 0;
  for (let i = 0; i < wanted.data.length; i += 3) if (differs(i) || differs(i + 1) || differs(i + 2)) wrong++;
  return (3 * wrong) / wanted.data.length;
}
