/** Luminance of colours, as a sum with weights (ITU-R BT.601), which is what Pillow and OpenCV make grey images by. */

/** Of red, green and blue; their sum is 1. */
export const luminanceWeights = [0.299, 0.587, 0.114] as const;
