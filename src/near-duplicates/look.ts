/** What an image looks like at a glance, in 1,536 bytes: lightness at 32 x 32 and two colour differences at 16 x 16 pixels. */

/** Width and height in pixels of the images from which looks are taken. */
export const lookedAtSize = 128;

/** Width and height of a look's lightness. */
export const lumaSize = 32;

/** Width and height of each of a look's colour differences. */
export const chromaSize = 16;

/** Size of a look: lightness, then blue and red difference. */
export const lookBytes = lumaSize ** 2 + 2 * chromaSize ** 2;

/** ITU-R BT.601: lightness of an sRGB pixel, in 0 to 255. */
export const lumaOf = (red: number, green: number, blue: number): number => 0.299 * red + 0.587 * green + 0.114 * blue;

/** Writes the look of an image of (128, 128, 3) bytes into `out`. */
export function writeLook(image: Uint8Array, out: Uint8Array): void {
  const luma = new Float32Array(lumaSize ** 2);
  const chroma = new Float32Array(2 * chromaSize ** 2);
  const [lumaStep, chromaStep] = [lookedAtSize / lumaSize, lookedAtSize / chromaSize];
  for (let y = 0, at = 0; y < lookedAtSize; y++) {
    const lumaRow = Math.floor(y / lumaStep) * lumaSize;
    const chromaRow = Math.floor(y / chromaStep) * chromaSize;
    for (let x = 0; x < lookedAtSize; x++, at += 3) {
      const [red, green, blue] = [image[at]!, image[at + 1]!, image[at + 2]!];
      const light = lumaOf(red, green, blue);
      luma[lumaRow + Math.floor(x / lumaStep)]! += light;
      const place = chromaRow + Math.floor(x / chromaStep);
      chroma[place]! += 0.564 * (blue - light);
      chroma[chromaSize ** 2 + place]! += 0.713 * (red - light);
    }
  }
  for (let i = 0; i < luma.length; i++) out[i] = Math.round(luma[i]! / lumaStep ** 2);
  for (let i = 0; i < chroma.length; i++) out[luma.length + i] = Math.round(128 + chroma[i]! / chromaStep ** 2);
}
