/** The range of the setting `maxPixels`. */

/** In millions of pixels: the default, and the most that can be asked for, 16,384 squared. */
export const maxPixelsDefault = 100;
/** The highest limit that can be set, in millions of pixels: what libvips itself opens. */
export const maxPixelsMost = 269;
