/**
 * Writes a policy of one's own and augments an image by it, eight times: the pictures stand in a page to look at.
 *
 *     node examples/own-augmentation.mjs lesion.jpg augmented.html
 */
import { writeFile } from "node:fs/promises";
import { Augmenter, affine, colour, dihedral, erase, Random } from "naevus/augmentation";
import { decodeImage, pixelPicture } from "naevus/image";

const [file = "lesion.jpg", out = "augmented.html"] = process.argv.slice(2);
const size = { height: 128, width: 128 };

/** @type {import("naevus/augmentation").AugmentationPolicy} */
const policy = {
  fill: "reflect",
  steps: [
    dihedral(),
    affine({ rotation: 20, scale: [0.8, 1.25] }),
    colour({ brightness: 0.2, contrast: 0.2 }),
    erase({ probability: 0.5 }),
  ],
};

const image = await decodeImage(file, size.width);
const augmenter = new Augmenter(policy, size);
const pictures = [];
for (let number = 0; number < 8; number++) {
  const augmented = new Uint8Array(image.length);
  // The same seed and number give the same picture.
  augmenter.augment(image, Random.of(1, number), augmented);
  pictures.push(await pixelPicture(augmented, { ...size, size: 128 }));
}

await writeFile(out, pictures.map((picture) => `<img src="${picture}" alt="">`).join("\n"));
console.log(`${pictures.length} pictures: ${out}`);
