/** The height and width of the images that a network reads: as programs, as settings and as messages give them. */

/** Height and width in pixels; one number for both of a square. */
export type ImageSize = number | readonly [height: number, width: number];

/** As settings and files have it: a number for squares, else height x width, such as `96x128`. */
export type ImageSizeSetting = number | `${number}x${number}`;

/** Height and width. */
export const heightAndWidth = (size: ImageSize): readonly [height: number, width: number] =>
  typeof size === "number" ? [size, size] : size;

/** A size in the one form that settings and files have for it. */
export function imageSizeSetting(size: ImageSize): ImageSizeSetting {
  const [height, width] = heightAndWidth(size);
  return height === width ? height : `${height}x${width}`;
}

/** Height and width of a setting. */
export function sizeOfSetting(setting: ImageSizeSetting): readonly [height: number, width: number] {
  if (typeof setting === "number") return [setting, setting];
  const [height, width] = setting.split("x").map(Number) as [number, number];
  return [height, width];
}
