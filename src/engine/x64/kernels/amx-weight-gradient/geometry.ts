/**
 * How the gradient of a convolution's weights becomes matrix products over flat rows of pixels.
 *
 * For tap (kh, kw), dW[ic][oc] is the sum over output pixels (oh, ow) of source[oh * s + kh - p][ow * s + kw - p][ic] *
 * gradient[oh][ow][oc]. The source is split into the s * s phases of the stride. In one phase the pixel that a tap meets is a fixed
 * distance (dh, dw) from the output pixel. Each phase is written once for each dw, in planes shifted by it, so that with rows of one
 * length on both sides a tap is no more than so many rows in its plane, and all output pixels are one long sum. Whole rows mostly are
 * whole cache lines, which a shift by dw would not be, and no zeros are multiplied between them.
 */
import type { HeightWidth } from "../../../../network/layer.ts";

/** Channels of a convolution's input and of its output. */
export type InputOutput = readonly [input: number, output: number];

/** The sizes of the convolution whose weights get a gradient. */
export interface ConvolutionSizes {
  readonly channels: InputOutput;
  readonly input: HeightWidth;
  readonly output: HeightWidth;
  readonly kernel: HeightWidth;
  readonly stride: HeightWidth;
  readonly padding: HeightWidth;
}

/** A phase of the stride, and how many rows and columns of the source fall into it. */
export interface Phase {
  readonly offset: HeightWidth;
  readonly rows: number;
  /** As many as any tap meets. */
  readonly columns: number;
  /** Columns from an output pixel to those of its taps: there is a plane for each, so that taps differ by whole rows only. */
  readonly distances: readonly number[];
  /** The first of its planes. */
  readonly plane: number;
}

/** Where the pixels that a tap meets lie. */
export interface Tap {
  readonly plane: number;
  /** Rows from the output pixel's to the tap's. */
  readonly distance: number;
}

/** The phases of a convolution's stride, and its taps. */
export interface Geometry {
  readonly phases: readonly Phase[];
  /** By kh, then kw. */
  readonly taps: readonly Tap[];
  /** Pixels from one row to the next: even, so that pairs of pixels never span two rows. */
  readonly pitch: number;
  /** The first source row that a band of output rows needs, counted from the band's first, and how many more it needs than it has. */
  readonly firstRow: number;
  readonly extraRows: number;
  readonly planes: number;
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Works out phases, planes and taps from the convolution's sizes. */
export function geometryOf({ input, output, kernel, stride, padding }: ConvolutionSizes): Geometry {
  const axis = (dimension: 0 | 1) =>
    range(kernel[dimension]).map((tap) => {
      const distance = Math.floor((tap - padding[dimension]) / stride[dimension]);
      return { distance, phase: tap - padding[dimension] - distance * stride[dimension] };
    });
  const [rows, columns] = [axis(0), axis(1)];
  const distances = (taps: typeof rows) => taps.map(({ distance }) => distance);
  const [firstRow, lastRow] = [Math.min(...distances(rows)), Math.max(...distances(rows))];
  const lastColumn = Math.max(...distances(columns));
  const phases: Phase[] = [];
  let planes = 0;
  for (const row of new Set(rows.map(({ phase }) => phase))) {
    for (const column of new Set(columns.map(({ phase }) => phase))) {
      const ofPhase = distances(columns.filter(({ phase }) => phase === column));
      phases.push({
        offset: [row, column],
        rows: Math.ceil((input[0] - row) / stride[0]),
        columns: Math.max(0, Math.min(Math.ceil((input[1] - column) / stride[1]), output[1] + lastColumn)),
        distances: ofPhase,
        plane: planes,
      });
      planes += ofPhase.length;
    }
  }
  const taps = rows.flatMap((row) =>
    columns.map((column) => {
      const phase = phases.find(({ offset }) => offset[0] === row.phase && offset[1] === column.phase)!;
      return { plane: phase.plane + phase.distances.indexOf(column.distance), distance: row.distance };
    }),
  );
  return {
    phases,
    taps,
    pitch: 2 * Math.ceil(output[1] / 2),
    firstRow,
    extraRows: lastRow - firstRow,
    planes,
  };
}
