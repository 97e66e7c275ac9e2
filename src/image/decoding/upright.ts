/** Sets a stored image upright, as its EXIF or TIFF orientation says. */
import type { RawImage } from "./raw-image.ts";

/** Whether the upright image is the stored one mirrored left to right, top to bottom, and then with its axes swapped (EXIF 2.3, tag 274). */
const turns: { readonly [orientation: number]: readonly [mirrored: boolean, flipped: boolean, swapped: boolean] } = {
  2: [true, false, false],
  3: [true, true, false],
  4: [false, true, false],
  5: [false, false, true],
  6: [false, true, true],
  7: [true, true, true],
  8: [true, false, true],
};

/** @param orientation 1 to 8; others leave the image as it is */
export function upright(image: RawImage, orientation: number): RawImage {
  const turn = turns[orientation];
  if (turn === undefined) return image;
  const [mirrored, flipped, swapped] = turn;
  const { channels, data } = image;
  const [width, height] = swapped ? [image.height, image.width] : [image.width, image.height];
  const out = new Uint8Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += channels) {
      const [across, down] = swapped ? [y, x] : [x, y];
      const column = mirrored ? image.width - 1 - across : across;
      const row = flipped ? image.height - 1 - down : down;
      const from = (row * image.width + column) * channels;
      for (let c = 0; c < channels; c++) out[at + c] = data[from + c]!;
    }
  }
  return { width, height, channels, data: out };
}
