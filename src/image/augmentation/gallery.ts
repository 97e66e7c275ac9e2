/** What each augmentation does to one image, as pictures. */
import { Random } from "../../random.ts";
import { type Affine, affineMap, dihedralMaps, identity } from "./affine.ts";
import { Augmenter, Transformer } from "./augmenter.ts";
import { brightness, type ColourMatrix, contrast, hueRotation, saturation } from "./colour-matrix.ts";
import { cutPair, drawRectangle, mixPair } from "./mixing.ts";
import { type AugmentationPolicy, erase, policies, policyNames } from "./policy.ts";

/** Pictures of one kind of change. */
export interface GalleryRow {
  readonly title: string;
  readonly pictures: readonly {
    /** Such as "-30°" or "x 1.2". */
    readonly label: string;
    /** RGB, (height, width, 3). */
    readonly pixels: Uint8Array;
  }[];
}

/**
 * The image under each augmentation at several strengths, and under each of the named policies as it comes.
 *
 * @param image RGB, (height, width, 3)
 * @param options.partner a second image, for the mixtures; without it there are none
 */
export function augmentationGallery(
  image: Uint8Array,
  options: {
    readonly height: number;
    readonly width: number;
    readonly partner?: Uint8Array | undefined;
    readonly seed?: number;
  },
): GalleryRow[] {
  const { height, width, partner, seed = 0 } = options;
  const size = { height, width };
  const transformer = new Transformer(size, "reflect");
  const changed = (geometry: Affine, colour?: ColourMatrix): Uint8Array => {
    const pixels = new Uint8Array(image.length);
    transformer.apply(image, { geometry, colour, erasures: [] }, pixels);
    return pixels;
  };
  const row = <T>(title: string, values: readonly T[], label: (value: T) => string, of: (value: T) => Uint8Array) => ({
    title,
    pictures: values.map((value) => ({ label: label(value), pixels: of(value) })),
  });
  const degrees = (value: number): string => `${value}°`;
  const factor = (value: number): string => `× ${value}`;
  const drawn = (title: string, policy: AugmentationPolicy): GalleryRow => {
    const augmenter = new Augmenter(policy, size);
    return row(title, [1, 2, 3, 4, 5, 6], String, (number) => {
      const pixels = new Uint8Array(image.length);
      augmenter.augment(image, Random.of(seed, number), pixels);
      return pixels;
    });
  };
  const turns = [0, 1, 2, 3].map((turn) => ({ label: degrees(90 * turn), map: dihedralMaps[turn]! }));
  const mirrored = [0, 1, 2, 3].map((turn) => ({ label: `mirrored, ${90 * turn}°`, map: dihedralMaps[4 + turn]! }));
  const possible = [...turns, ...mirrored].filter((_, i) => height === width || i % 2 === 0);
  return [
    row(
      "Flips and quarter turns",
      possible,
      ({ label }) => label,
      ({ map }) => changed(map),
    ),
    row("Rotation", [-45, -15, 15, 45], degrees, (rotation) => changed(affineMap({ rotation }))),
    row("Scale", [0.8, 0.9, 1.1, 1.25], factor, (scale) => changed(affineMap({ scale }))),
    row("Shear", [-20, -10, 10, 20], degrees, (shear) => changed(affineMap({ shear }))),
    row(
      "Translation",
      [-0.1, -0.05, 0.05, 0.1],
      (part) => `${Math.round(part * 100)} %`,
      (part) => changed(affineMap({ translation: [part * width, part * height] })),
    ),
    row("Brightness", [0.7, 0.85, 1.15, 1.3], factor, (value) => changed(identity, brightness(value))),
    row("Contrast", [0.7, 0.85, 1.15, 1.3], factor, (value) => changed(identity, contrast(value))),
    row("Saturation", [0, 0.7, 1.3, 1.6], factor, (value) => changed(identity, saturation(value))),
    row("Hue", [-20, -10, 10, 20], degrees, (angle) => changed(identity, hueRotation(angle))),
    drawn("Random erasing", { fill: "reflect", steps: [erase({ probability: 1 })] }),
    ...(partner === undefined ? [] : mixtures(image, partner, size, seed)),
    ...policyNames.filter((name) => name !== "none").map((name) => drawn(`Policy: ${name}`, policies[name])),
  ];
}

function mixtures(
  image: Uint8Array,
  partner: Uint8Array,
  size: { readonly height: number; readonly width: number },
  seed: number,
): GalleryRow[] {
  const parts = [0.8, 0.65, 0.5, 0.35];
  const mixed = (mix: (batch: Parameters<typeof mixPair>[0], part: number) => void) =>
    parts.map((part) => {
      const images = new Uint8Array([...image, ...partner]);
      const targets = Float32Array.of(1, 0, 0, 1);
      mix({ images, targets, classes: 2, ...size }, part);
      return { label: `${Math.round(targets[0]! * 100)} %`, pixels: images.subarray(0, image.length) };
    });
  return [
    { title: "Mixup", pictures: mixed((batch, part) => mixPair(batch, 0, 1, Math.round(part * 256))) },
    {
      title: "CutMix",
      pictures: mixed((batch, part) =>
        cutPair(batch, 0, 1, drawRectangle(1 - part, Random.of(seed), size.height, size.width)),
      ),
    },
  ];
}
