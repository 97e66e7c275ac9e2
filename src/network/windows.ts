/** Windows that slide over feature maps: how they are padded, and where they lie on maps of a known size. */
import { NetworkError } from "../errors.ts";

/** A number for each spatial axis of a map or window, in this order. */
export type HeightWidth = readonly [height: number, width: number];

/** A number for each side of a map, in ONNX's order. */
export type Sides = readonly [top: number, left: number, bottom: number, right: number];

/**
 * What is added around a map before a window slides over it: so much on both sides of each axis, so much on each side, or `"sameUpper"`, which is
 * TensorFlow's and Keras's "same" and ONNX's SAME_UPPER: as little as gives ceil(size / stride) outputs, and where that is odd, one more below and at
 * the right than above and at the left.
 */
export type Padding = HeightWidth | Sides | "sameUpper";

/** Padding as builders take it: one number for all sides, or as {@link Padding}. */
export type PaddingOption = number | Padding;

/** A window before the size of the map is known. */
export interface Window {
  readonly kernel: HeightWidth;
  readonly stride: HeightWidth;
  readonly padding: Padding;
  /** From one value that the window reads to the next, default 1. */
  readonly dilation?: HeightWidth;
  /** Of a pooling: a last window counts that reaches over the padded map's end, where it begins in the map or in the padding before it. */
  readonly ceil?: boolean;
}

/** A size for both axes, or one for each. */
export const pair = (value: number | HeightWidth): HeightWidth => (typeof value === "number" ? [value, value] : value);

/** {@link Padding} of what a builder takes. */
export const paddingOf = (value: PaddingOption): Padding => (typeof value === "number" ? [value, value] : value);

/** How far a window reaches along an axis, from the first value that it reads to the last. */
export const reachOf = (kernel: number, dilation = 1): number => (kernel - 1) * dilation + 1;

/** What is added on both sides so that a map keeps its size at stride 1: halves of a number where it cannot be the same on both. */
export const samePadding = (kernel: HeightWidth, dilation: HeightWidth = [1, 1]): HeightWidth => [
  (reachOf(kernel[0], dilation[0]) - 1) / 2,
  (reachOf(kernel[1], dilation[1]) - 1) / 2,
];

/** What is padded around a map of `size`, as it was asked for. */
export function sidesOf(window: Window, size: HeightWidth): Sides {
  const { padding } = window;
  if (padding === "sameUpper") {
    const [[top, bottom], [left, right]] = [sameUpper(window, size, 0), sameUpper(window, size, 1)];
    return [top, left, bottom, right];
  }
  return padding.length === 4 ? padding : [...padding, ...padding];
}

function sameUpper({ kernel, stride, dilation = [1, 1] }: Window, size: HeightWidth, axis: 0 | 1) {
  const outputs = Math.ceil(size[axis] / stride[axis]);
  const added = Math.max(0, (outputs - 1) * stride[axis] + reachOf(kernel[axis], dilation[axis]) - size[axis]);
  return [Math.floor(added / 2), Math.ceil(added / 2)] as const;
}

/**
 * What is padded so that all windows lie within it. With `ceil` that can be more below and at the right than was asked for: PyTorch's rule, by which a
 * window counts that begins before the end of the map.
 */
export function coveredSides(window: Window, size: HeightWidth): Sides {
  const sides = sidesOf(window, size);
  if (window.ceil !== true) return sides;
  const after = ([0, 1] as const).map((axis) => {
    const [kernel, stride, before] = [window.kernel[axis], window.stride[axis], sides[axis]];
    const places = Math.ceil((size[axis] + before + sides[axis + 2]! - kernel) / stride);
    const last = places * stride < size[axis] + before ? places : places - 1;
    return Math.max(sides[axis + 2]!, last * stride + kernel - size[axis] - before);
  });
  return [sides[0], sides[1], after[0]!, after[1]!];
}

/** A window on maps of a known size: the outputs are as many as fit into the padded map. */
export type Resolved<W> = Omit<W, "padding" | "dilation" | "ceil" | "countPadding"> & {
  readonly padding: Sides;
  readonly dilation: HeightWidth;
};

/** An average pooling on maps of a known size. */
interface Averaged {
  readonly operation: Pick<Resolved<Window>, "kernel" | "stride" | "padding"> & { readonly counted: Sides };
  readonly inputShapes: readonly (readonly number[])[];
  readonly shape: readonly number[];
}

/** By how many values the sum at each place of a map is divided: those of its window on the map, and of the padding that counts. */
export function countedValues({ operation, inputShapes, shape }: Averaged): Float64Array {
  const { kernel, stride, padding, counted } = operation;
  const along = (axis: 0 | 1) =>
    Array.from({ length: shape[1 + axis]! }, (_, place) => {
      const start = place * stride[axis] - padding[axis];
      const end = Math.min(start + kernel[axis], inputShapes[0]![1 + axis]! + counted[axis + 2]!);
      return end - Math.max(start, -counted[axis]);
    });
  const [rows, columns] = [along(0), along(1)];
  return Float64Array.from(rows.flatMap((height) => columns.map((width) => height * width)));
}

/** Programs without types may give other words as the padding. */
export function refuseOtherPadding(kind: string, padding: unknown, words: readonly string[]): void {
  if (typeof padding !== "string" || padding === "sameUpper") return;
  const expected = [...words, '"sameUpper"', "a number", "[height, width]"].join(", ");
  const cure = padding === "same" ? '"sameUpper" is what TensorFlow calls "same"' : 'write 0 for "valid"';
  throw new NetworkError(
    `${kind}: padding: expected ${expected}, or [top, left, bottom, right], got "${padding}"; ${cure}`,
  );
}
