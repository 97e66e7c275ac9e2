/**
 * How the gradient of a convolution's weights becomes matrix products over flat rows of pixels.
 *
 * For tap (kh, kw), dW[ic][oc] is the sum over output pixels (oh, ow) of source[oh * s + kh - p][ow * s + kw - p][ic] *
 * gradient[oh][ow][oc]. The source is split into the s * s phases of the stride. In one phase the pixel that a tap meets is a fixed
 * distance (dh, dw) from the output pixel, so that with rows of one length, the pitch, on both sides, and zeros between them, a tap is
 * no more than an offset into the flat source, and all output pixels are one long sum.
 */
import type { Pair } from "../../../network/layer.ts";

export interface ConvolutionSizes {
  readonly channels: Pair;
  readonly input: Pair;
  readonly output: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

/** A phase of the stride, and how many rows and columns of the source fall into it. */
export interface Phase {
  readonly offset: Pair;
  readonly rows: number;
  /** As many as any tap meets. */
  readonly columns: number;
}

export interface Tap {
  /** Index into the phases. */
  readonly phase: number;
  /** From the output pixel's row and column to those of the tap in its phase. */
  readonly distance: Pair;
}

export interface Geometry {
  readonly phases: readonly Phase[];
  /** By kh, then kw. */
  readonly taps: readonly Tap[];
  /** Pixels from one row to the next: even, so that pairs of pixels never span two rows. */
  readonly pitch: number;
  /** The first source row that a band of output rows needs, counted from the band's first, and how many more it needs than it has. */
  readonly firstRow: number;
  readonly extraRows: number;
  /** Zeros before the first row and after the last one. */
  readonly lead: number;
  readonly trail: number;
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

export function geometryOf({ input, output, kernel, stride, padding }: ConvolutionSizes): Geometry {
  const axis = (dimension: 0 | 1) =>
    range(kernel[dimension]).map((tap) => {
      const distance = Math.floor((tap - padding[dimension]) / stride[dimension]);
      return { distance, phase: tap - padding[dimension] - distance * stride[dimension] };
    });
  const [rows, columns] = [axis(0), axis(1)];
  const distances = (taps: typeof rows) => taps.map(({ distance }) => distance);
  const [firstRow, lastRow] = [Math.min(...distances(rows)), Math.max(...distances(rows))];
  const [firstColumn, lastColumn] = [Math.min(...distances(columns)), Math.max(...distances(columns))];
  const phases: Phase[] = [];
  const phaseOf = (row: number, column: number): number => {
    const present = phases.findIndex(({ offset }) => offset[0] === row && offset[1] === column);
    if (present >= 0) return present;
    phases.push({
      offset: [row, column],
      rows: Math.ceil((input[0] - row) / stride[0]),
      columns: Math.max(0, Math.min(Math.ceil((input[1] - column) / stride[1]), output[1] + lastColumn)),
    });
    return phases.length - 1;
  };
  const taps = rows.flatMap((row) =>
    columns.map((column) => ({
      phase: phaseOf(row.phase, column.phase),
      distance: [row.distance, column.distance] as const,
    })),
  );
  const lead = Math.max(0, -firstColumn);
  const needed = Math.max(...phases.map((phase) => phase.columns + lead), output[1] + lastColumn, output[1]);
  return {
    phases,
    taps,
    pitch: 2 * Math.ceil(needed / 2),
    firstRow,
    extraRows: lastRow - firstRow,
    lead,
    trail: Math.max(0, lastColumn),
  };
}
