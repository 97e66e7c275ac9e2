/** Judges single image files with a run's model. */
import { forEachBounded } from "../bounded.ts";
import { decodeImage, ImageError } from "../image/decode.ts";
import { openModel } from "./open-model.ts";

/** The most probable class of an image with all probabilities, or why the image could not be judged. */
export type Prediction =
  | {
      readonly image: string;
      readonly class: string;
      readonly probability: number;
      /** By class name. */
      readonly probabilities: Readonly<Record<string, number>>;
    }
  | { readonly image: string; readonly error: string };

export interface Predictions {
  readonly run: string;
  readonly classes: readonly string[];
  /** `phantom`: the model was trained on drawn images, not on photographs. */
  readonly origin: "folder" | "phantom";
  /** In the order of the images. */
  readonly predictions: readonly Prediction[];
}

/** Images that are decoded and judged at once. */
const block = 32;
const decodedAtOnce = 4;

/**
 * Predicts the class of every image file. An image that cannot be decoded gives an entry with its error and does not stop
 * the others. Throws RunError where the run has no model, ModelError where it is damaged.
 */
export async function predict(run: string, images: readonly string[]): Promise<Predictions> {
  const { model } = await openModel(run);
  try {
    const predictions: Prediction[] = [];
    const imageBytes = model.imageSize * model.imageSize * 3;
    for (let start = 0; start < images.length; start += block) {
      const files = images.slice(start, start + block);
      const decoded = new Array<Uint8Array | string>(files.length);
      await forEachBounded(files, decodedAtOnce, async (file, i) => {
        decoded[i] = await decodeImage(file, model.imageSize, model.metadata.geometry).catch((error: unknown) => {
          if (error instanceof ImageError) return error.message;
          throw error;
        });
      });
      const whole = decoded.filter((pixels) => typeof pixels !== "string");
      const input = new Uint8Array(whole.length * imageBytes);
      whole.forEach((pixels, row) => {
        input.set(pixels, row * imageBytes);
      });
      const probabilities = await model.probabilities(input, whole.length);
      let row = 0;
      files.forEach((image, i) => {
        const pixels = decoded[i]!;
        if (typeof pixels === "string") {
          predictions.push({ image, error: pixels });
          return;
        }
        const own = probabilities.subarray(row * model.classes.length, ++row * model.classes.length);
        const probability = Math.max(...own);
        predictions.push({
          image,
          class: model.classes[own.indexOf(probability)]!,
          probability,
          probabilities: Object.fromEntries(model.classes.map((name, label) => [name, own[label]!])),
        });
      });
    }
    return { run, classes: model.classes, origin: model.metadata.origin ?? "folder", predictions };
  } finally {
    await model.dispose();
  }
}
