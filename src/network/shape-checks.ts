/** Shapes, and what several rules refuse of them and of layers. */

import { NetworkError } from "../errors.ts";
import { valueInWords } from "../text/value-in-words.ts";

/** Without the batch: [channels, height, width] for feature maps, [features] for vectors. */
export type Shape = readonly number[];

/** A shape as text, such as `3x128x128`. */
export const formatShape = (shape: Shape): string => shape.join("x");

/** Throws {@link NetworkError}. */
export const refuse = (message: string): never => {
  throw new NetworkError(message);
};

/** Whether a number counts something. */
export const isPositiveInteger = (value: number): boolean => Number.isInteger(value) && value > 0;

/** The shape of feature maps; refuses another one in the name of a kind of layer. */
export const featureMaps = (kind: string, shape: Shape): readonly [channels: number, height: number, width: number] =>
  shape.length === 3
    ? (shape as readonly [number, number, number])
    : refuse(`${kind}: expected feature maps (channels x height x width), got ${formatShape(shape)}`);

/** A layer that was written without its function may lack what the function fills in. */
export function refuseIncomplete(kind: string, lists: Readonly<Record<string, unknown>>, expected: string): void {
  for (const [field, list] of Object.entries(lists)) {
    if (!Array.isArray(list)) {
      refuse(
        `${kind}: ${field}: expected ${expected}, got ${valueInWords(list)}; write the layer by ${kind}(...), or read it by parseNetwork`,
      );
    }
  }
}
