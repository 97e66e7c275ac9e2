/** Layers with windows placed on maps of a known size, so that whatever reads operations sees plain numbers. */

import type {
  Add,
  AveragePool,
  Concatenate,
  Conv2d,
  Gate,
  Join,
  Layer,
  Luminance,
  MaxPool,
  Multiply,
  Operation,
  Residual,
} from "./layer.ts";
import { featureMaps, isPositiveInteger, refuse, refuseIncomplete, type Shape } from "./shape-checks.ts";
import {
  coveredSides,
  type HeightWidth,
  type Padding,
  type Resolved,
  reachOf,
  type Sides,
  samePadding,
  sidesOf,
  type Window,
} from "./windows.ts";

/** An operation whose window, if it has one, has no place yet. */
export type Unplaced = Exclude<Layer, Residual | Gate | Concatenate> | Add | Join | Luminance | Multiply;

/** Why no padding is the same on both sides of a map, and what to do. */
export const evenKernel = (kernel: HeightWidth): string =>
  `padding "same" needs odd kernels, as it is the same on both sides, and the kernel is ${kernel.join("x")}; take an odd kernel, ` +
  'or "sameUpper", which pads one more below and at the right, or give the padding as a number, such as 0';

/** Whether a padding is what {@link samePadding} makes of a kernel that it does not fit. */
export const isHalved = (kernel: HeightWidth, padding: readonly number[], dilation?: HeightWidth): boolean =>
  samePadding(kernel, dilation).some((border, axis) => !Number.isInteger(border) && padding[axis] === border);

const words = (padding: Padding): string =>
  padding === "sameUpper" ? padding : padding.join(padding.length === 2 ? "x" : " ");

const isNatural = (value: number): boolean => Number.isInteger(value) && value >= 0;

function check(kind: string, { kernel, stride, padding, dilation = [1, 1] }: Window): void {
  refuseIncomplete(kind, { kernel, stride, dilation }, "[height, width]");
  for (const [name, values] of Object.entries({ kernel, stride, dilation })) {
    if (!values.every(isPositiveInteger)) refuse(`${kind}: expected a positive whole ${name}, got ${values.join("x")}`);
  }
  if (padding === "sameUpper") return;
  refuseIncomplete(kind, { padding }, '[height, width], [top, left, bottom, right] or "sameUpper"');
  if (isHalved(kernel, padding, dilation)) refuse(`${kind}: ${evenKernel(kernel)}`);
  if (!(padding.length === 2 || padding.length === 4) || !padding.every(isNatural)) {
    refuse(`${kind}: expected a whole padding of at least 0, for each axis or each side, got ${words(padding)}`);
  }
}

function resolve<W extends Window>(kind: string, layer: W, shape: Shape): Resolved<W> {
  const { kernel, padding, ceil, countPadding, ...rest } = layer as W & { readonly countPadding?: true };
  const [, height, width] = featureMaps(kind, shape);
  check(kind, layer);
  // A kernel of one value along an axis has no neighbours there.
  const dilation = kernel.map((length, axis) =>
    length === 1 ? 1 : (layer.dilation?.[axis] ?? 1),
  ) as unknown as HeightWidth;
  const sides = coveredSides(layer, [height, width]);
  if (
    [height, width].some(
      (extent, axis) => extent + sides[axis]! + sides[axis + 2]! < reachOf(kernel[axis]!, dilation[axis]),
    )
  ) {
    const apart = dilation.every((step) => step === 1) ? "" : `dilation ${dilation.join("x")} and `;
    refuse(
      `${kind}: a ${kernel.join("x")} kernel with ${apart}padding ${words(padding)} does not fit ${height}x${width}; ` +
        "take larger images or a smaller kernel",
    );
  }
  return { ...rest, kernel, padding: sides, dilation } as unknown as Resolved<W>;
}

/** Every window of a pooling has to meet the map. */
function checkPooling({ kind, kernel, padding }: MaxPool | AveragePool): void {
  if (padding !== "sameUpper" && padding.some((border, side) => border >= kernel[side % 2]!)) {
    refuse(
      `${kind}: padding ${words(padding)} leaves windows without a value; take less than the ${kernel.join("x")} kernel on each side`,
    );
  }
}

/** The operation that a layer is, for an input of that shape; throws {@link NetworkError} where a window does not fit it. */
export function operationOf(layer: Unplaced, input: Shape): Operation {
  switch (layer.kind) {
    case "conv2d":
      return resolve<Conv2d>("conv2d", layer, input);
    case "maxPool": {
      const operation = resolve<MaxPool>("maxPool", layer, input);
      checkPooling(layer);
      return operation;
    }
    case "averagePool": {
      const operation = resolve<AveragePool>("averagePool", layer, input);
      checkPooling(layer);
      const none: Sides = [0, 0, 0, 0];
      const counted = layer.countPadding === true ? sidesOf(layer, [input[1]!, input[2]!]) : none;
      return { ...operation, counted };
    }
    default:
      return layer;
  }
}
