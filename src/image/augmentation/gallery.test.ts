/** The gallery: every kind of change is there, as whole pictures with labels of their own. */
import { expect, it } from "vitest";
import { Random } from "../../random.ts";
import { augmentationGallery } from "./gallery.ts";

const [height, width] = [10, 10];
const noise = (seed: number): Uint8Array => {
  const random = Random.of(seed);
  return Uint8Array.from({ length: height * width * 3 }, () => random.integer(256));
};

it("shows each augmentation and policy", () => {
  const image = noise(1);
  const rows = augmentationGallery(image, { height, width, partner: noise(2) });
  expect(rows.map(({ title }) => title)).toEqual([
    "Flips and quarter turns",
    "Rotation",
    "Scale",
    "Shear",
    "Translation",
    "Brightness",
    "Contrast",
    "Saturation",
    "Hue",
    "Random erasing",
    "Mixup",
    "CutMix",
    "Policy: flips",
    "Policy: standard",
    "Policy: strong",
  ]);
  for (const { title, pictures } of rows) {
    expect(new Set(pictures.map(({ label }) => label)).size, title).toBe(pictures.length);
    for (const { pixels } of pictures) expect(pixels, title).toHaveLength(image.length);
  }
  expect(rows[0]!.pictures[0]!.pixels).toEqual(image);
  for (const { title, pictures } of rows.slice(1, 12)) {
    for (const { label, pixels } of pictures) expect(pixels, `${title} ${label}`).not.toEqual(image);
  }
});

it("has no mixtures without a second image, and no quarter turns of an oblong one", () => {
  const rows = augmentationGallery(noise(1), { height: 5, width: 20 });
  expect(rows.map(({ title }) => title)).not.toContain("Mixup");
  expect(rows[0]!.pictures).toHaveLength(4);
});
