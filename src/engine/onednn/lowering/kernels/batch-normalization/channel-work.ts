/** What the kernels of one normalisation share: numbers per channel in memory, and passes over the maps in tasks. */
import { pixelArguments } from "../../../../x64/kernels/batch-normalization.ts";
import {
  COEFFICIENT_ROWS,
  type CoefficientRow,
  coefficientRows,
  passArguments,
  SUM_ROWS,
} from "../../../../x64/kernels/channel-pass.ts";
import { columnSumArguments, columnSumKernel } from "../../../../x64/kernels/partial-sum.ts";
import type { Kernel } from "../../../../x64/kernels/task-kernel.ts";
import { bytesPerElement } from "../../../library/constants.ts";
import type { Program } from "../../../program/program.ts";
import { floats, type Value } from "../../../program/value.ts";
import type { BatchNormalizationSite } from "../sites.ts";

/** A batch is cut into so many tasks, however many threads there are, so that sums do not depend on their number. */
const MOST_TASKS = 32;
const LEAST_PIXELS = 256;

/** Consecutive parts of so many pixels. */
const cut = (pixels: number, tasks: number) =>
  Array.from({ length: tasks }, (_, task) => {
    const from = Math.floor((task * pixels) / tasks);
    return { from, pixels: Math.floor(((task + 1) * pixels) / tasks) - from };
  });

/** A row of a table of coefficients. */
export const rowOf = (coefficients: Value, which: CoefficientRow, channels: number): Float32Array =>
  floats(coefficients).subarray(channels * coefficientRows[which], channels * (coefficientRows[which] + 1));

/** The memory that one normalisation's kernels share, and the tasks into which they cut the maps. */
export class ChannelWork {
  readonly channels: number;
  /** Of the whole batch. */
  readonly pixels: number;
  readonly coefficients: Value;
  /** A row of sums for each task, and how many bytes it has. */
  readonly sums: Value;
  readonly sumBytes: number;
  /** Their sums, in doubles: of the first kind for every channel, then of the second. */
  readonly totals: Value;
  readonly #site: BatchNormalizationSite;
  readonly #tasks: readonly { readonly from: number; readonly pixels: number }[];

  constructor(site: BatchNormalizationSite) {
    const { program, node, batch } = site;
    const [channels, height, width] = node.shape as readonly [number, number, number];
    this.#site = site;
    this.channels = channels;
    this.pixels = batch * height * width;
    this.#tasks = cut(this.pixels, Math.max(1, Math.min(MOST_TASKS, Math.floor(this.pixels / LEAST_PIXELS))));
    this.coefficients = table(program, [COEFFICIENT_ROWS, channels]);
    this.sums = table(program, [Math.max(this.#tasks.length, batch), SUM_ROWS, channels]);
    this.sumBytes = SUM_ROWS * channels * bytesPerElement.f32;
    const totalBytes = SUM_ROWS * channels * Float64Array.BYTES_PER_ELEMENT;
    this.totals = program.persistent(program.rowMajor([totalBytes], "u8"));
  }

  /** Both kinds of sums of every channel, to be read once {@link addSums} has run. */
  totalsOfChannels(): readonly [Float64Array, Float64Array] {
    const { buffer, byteOffset } = this.totals.storage.array!;
    const all = new Float64Array(buffer, byteOffset, SUM_ROWS * this.channels);
    return [all.subarray(0, this.channels), all.subarray(this.channels)];
  }

  row(which: CoefficientRow): Float32Array {
    return rowOf(this.coefficients, which, this.channels);
  }

  /** Appends a pass over `maps` as the kernel has them; it writes the first so many of them. */
  pass(
    label: string,
    kernel: Kernel,
    maps: readonly Value[],
    written: number,
    { rows = this.coefficients, writesSums = false } = {},
  ): void {
    const { program, node, type } = this.#site;
    const reads = [...maps.slice(written), rows];
    const writes = [...maps.slice(0, written), ...(writesSums ? [this.sums] : [])];
    program.addKernel(`${node.name} ${label}`, kernel, { reads, writes }, (locate) =>
      this.#tasks.map(({ from, pixels }, task) => [
        ...pixelArguments(pixels),
        ...passArguments({
          coefficients: locate(rows),
          sums: locate(this.sums, task * this.sumBytes),
          maps: maps.map((map) => locate(map, from * this.channels * bytesPerElement[type])),
        }),
      ]),
    );
  }

  /**
   * Appends the addition of what the tasks left in {@link sums}: those of a pass, or the images of a convolution. One thread does it, as
   * two are no faster.
   */
  addSums(by: "pass" | "convolution"): void {
    const { program, node, batch } = this.#site;
    const rows = by === "convolution" ? batch : this.#tasks.length;
    const kernel = columnSumKernel(SUM_ROWS * this.channels);
    program.addKernel(`${node.name} sums`, kernel, { reads: [this.sums], writes: [this.totals] }, (locate) => [
      columnSumArguments({ from: locate(this.sums), to: locate(this.totals), rows }),
    ]);
  }
}

const table = (program: Program, dimensions: readonly number[]): Value =>
  program.persistent(program.rowMajor(dimensions, "f32"));
