/** Where the pixels and taps of a convolution are, and how they make tiles. */

import { AMX_TILE_ROWS } from "../amx-configuration.ts";

/** Channels, as bfloat16 numbers, of a tile. */
export const AMX_TILE_CHANNELS = 32;
/** Filters, as floats, of a tile. */
export const AMX_TILE_FILTERS = 16;

/** The sizes of one direction of a convolution. */
export interface ConvolutionShape {
  /** Of what is read. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Channels of the result. */
  readonly filters: number;
  /** Height and width of the kernel, which is odd; the padding is half of what is left of it. */
  readonly kernel: number;
  /** 1 or 2. */
  readonly stride: 1 | 2;
  /** Backward, what is read is the gradient of a convolution's output, and the result that of its input. */
  readonly direction: "forward" | "backward";
  /** Backward: the gradient that another convolution of the same input, of one pixel, else alike, brings is added. */
  readonly projected?: boolean;
}

/** A place of the kernel, and the pixel of the padded maps that it meets, counted from that of the first. */
export interface Tap {
  readonly tap: number;
  readonly row: number;
  readonly column: number;
  /** It meets the maps that the projection reads, whose only tap it is. */
  readonly ofProjection?: boolean;
}

/**
 * Positions, a row of which makes tiles. At each, a forward convolution computes a pixel; a backward one computes as many as the
 * stride makes, its phases, of which each has some of the taps.
 */
export interface Geometry {
  readonly rows: number;
  readonly columns: number;
  readonly border: number;
  /** Pixels read, and written, from one position to the next. */
  readonly readStep: number;
  readonly writeStep: number;
  readonly phases: readonly { readonly row: number; readonly column: number; readonly taps: readonly Tap[] }[];
}

/** The integers from 0 on, so many. */
export const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Where a convolution reads and writes; backward, a phase of the stride at a time. */
export function geometryOf({ height, width, kernel, stride, direction, projected }: ConvolutionShape): Geometry {
  const border = (kernel - 1) / 2;
  if (direction === "forward") {
    const taps = range(kernel * kernel).map((tap) => ({ tap, row: Math.floor(tap / kernel), column: tap % kernel }));
    const steps = { readStep: stride, writeStep: 1 };
    return { rows: height / stride, columns: width / stride, border, ...steps, phases: [{ row: 0, column: 0, taps }] };
  }
  // Output pixel o met input pixel o * stride + tap - border; so pixel i * stride + phase met those outputs for which this is whole:
  const met = (phase: number, tap: number) => (phase + border - tap) / stride;
  const phases = range(stride * stride).map((index) => {
    const [row, column] = [Math.floor(index / stride), index % stride];
    const taps = range(kernel * kernel).flatMap((tap) => {
      const meets = [met(row, Math.floor(tap / kernel)), met(column, tap % kernel)] as const;
      return meets.every(Number.isInteger) ? [{ tap, row: border + meets[0], column: border + meets[1] }] : [];
    });
    const tap = { tap: kernel * kernel, row: border, column: border, ofProjection: true };
    return { row, column, taps: projected && index === 0 ? [...taps, tap] : taps };
  });
  return { rows: height, columns: width, border, readStep: 1, writeStep: stride, phases };
}

/** For each phase the taps in the order in which the kernel multiplies by them; a projection's comes after all others. */
export const tapOrder = (shape: ConvolutionShape): readonly (readonly number[])[] =>
  geometryOf(shape).phases.map(({ taps }) => taps.map(({ tap }) => tap));

/** How positions make tiles. */
export interface AmxTiling {
  readonly positions: number;
  /** More than one where rows are so short that a tile has several whole ones. */
  readonly rowsPerTile: number;
  readonly tilesPerRow: number;
  /** Rows that make whole pairs of tiles. */
  readonly rowsAtOnce: number;
}

/** Undefined where no tiles are well filled. */
export function amxTilingOf(shape: ConvolutionShape): AmxTiling | undefined {
  const { rows, columns, readStep } = geometryOf(shape);
  const rowsPerTile = AMX_TILE_ROWS / columns;
  if (rowsPerTile > 1 && readStep === 1 && Number.isInteger(rowsPerTile) && rows % (2 * rowsPerTile) === 0) {
    return { positions: AMX_TILE_ROWS, rowsPerTile, tilesPerRow: 1, rowsAtOnce: 2 * rowsPerTile };
  }
  for (let positions = AMX_TILE_ROWS; positions >= 8; positions--) {
    if (columns % positions !== 0) continue;
    const tilesPerRow = columns / positions;
    const rowsAtOnce = tilesPerRow % 2 === 0 ? 1 : 2;
    return rows % rowsAtOnce === 0 ? { positions, rowsPerTile: 1, tilesPerRow, rowsAtOnce } : undefined;
  }
  return undefined;
}

/** Where what is read lies in a thread's memory, with zeros around it. */
export interface PaddedLayout {
  readonly rowBytes: number;
  /** From the place of a pixel to where it lies once more for taps of the next column. */
  readonly copyBytes: number;
  /** One, or where a tile has several rows one for each column of the kernel, shifted by that much and without zeros between rows. */
  readonly copies: number;
  readonly bytes: number;
}

/** How one image's padded maps lie in a thread's workspace. */
export function paddedLayout(shape: ConvolutionShape): PaddedLayout {
  const { channels, height, width, kernel } = shape;
  const isShifted = amxTilingOf(shape)!.rowsPerTile > 1;
  const rowBytes = 2 * channels * (isShifted ? width : width + kernel - 1);
  const copyBytes = rowBytes * (height + kernel - 1);
  const copies = isShifted ? kernel : 1;
  return { rowBytes, copyBytes, copies, bytes: copies * copyBytes };
}

/** Whether there is a kernel for such a convolution. */
export function servesConvolution(shape: ConvolutionShape): boolean {
  const { channels, filters, kernel } = shape;
  return (
    channels % AMX_TILE_CHANNELS === 0 &&
    filters % (2 * AMX_TILE_FILTERS) === 0 &&
    kernel % 2 === 1 &&
    amxTilingOf(shape) !== undefined
  );
}
