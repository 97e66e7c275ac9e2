/** The machine's limits, measured through the engine itself: arithmetic in a precision, and moving memory. */
import { buildGraph } from "../../network/graph.ts";
import { conv2d, dense, flatten, globalAveragePool, type Layer, relu } from "../../network/layer.ts";
import type { Precision } from "../engine.ts";
import type { OnednnEngine } from "../onednn/onednn-engine.ts";
import { type TimedInstruction, timeInstructions } from "./timing.ts";

/** How fast an elementwise pass moves memory that it touches again and again. */
export interface Bandwidth {
  /** Read and written together. */
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

/** Williams, Waterman and Patterson 2009: work is bound by arithmetic or by memory, whichever takes longer. */
export interface Roofline {
  readonly precision: Precision;
  /** Of the fastest among large matrix products and direct convolutions. */
  readonly flopsPerSecond: number;
  /** From what fits a core's cache to what fits none, ascending. */
  readonly bandwidths: readonly Bandwidth[];
}

interface Trial {
  readonly input: { readonly channels: number; readonly height: number; readonly width: number };
  readonly layers: readonly Layer[];
  readonly batch: number;
}

const square = (channels: number, size: number) => ({ channels, height: size, width: size });
/** Smaller work says more about starting it than about the machine. */
const leastFlops = 1e8;
const head = [globalAveragePool(), dense(2)];

const arithmetic: readonly Trial[] = [
  { input: square(2048, 1), layers: [flatten(), dense(2048), dense(2)], batch: 512 },
  { input: square(64, 56), layers: [conv2d(64, 5), ...head], batch: 4 },
  { input: square(256, 28), layers: [conv2d(256, 1), ...head], batch: 16 },
  { input: square(256, 8), layers: [conv2d(256, 3), ...head], batch: 32 },
];

/** 512 KiB to 128 MiB, one half read and the other written. */
const passes: readonly Trial[] = [16, 17, 18, 19, 20, 21, 22, 23, 24].map((power) => ({
  input: { channels: 16, height: 2 ** (power - 4 - 8), width: 2 ** 8 },
  layers: [relu(), ...head],
  batch: 1,
}));

function run(engine: OnednnEngine, { input, layers, batch }: Trial, precision: Precision): readonly TimedInstruction[] {
  const graph = buildGraph({ name: "trial", input, layers });
  return timeInstructions(engine, graph, { batch, precision, rounds: 3 }).instructions;
}

/** F(4x4, 3x3) multiplies 36 times where the direct algorithm, which is counted, multiplies 144 times (Lavin and Gray 2016). */
const winogradSaving = 4;
const isWinograd = (implementation: string): boolean => implementation.includes("wino");

/** Takes a few seconds. */
export function measureRoofline(engine: OnednnEngine, precision: Precision): Roofline {
  const rates = arithmetic
    .flatMap((trial) => run(engine, trial, precision))
    .filter(({ flops, implementation }) => flops >= leastFlops && !isWinograd(implementation))
    .map(({ flops, seconds }) => flops / seconds);
  const bandwidths = passes.map((trial) => {
    const pass = run(engine, trial, "f32").find(({ layer, primitive }) => layer === "0" && primitive === "forward")!;
    return { bytes: pass.bytes, bytesPerSecond: pass.bytes / pass.seconds };
  });
  return { precision, flopsPerSecond: Math.max(...rates), bandwidths };
}

/** The best bandwidth measured at a size from the one just below `bytes` on: no pass over that much is faster. */
export function bandwidthFor({ bandwidths }: Pick<Roofline, "bandwidths">, bytes: number): number {
  const from = Math.max(
    0,
    bandwidths.findLastIndex((bandwidth) => bandwidth.bytes <= bytes),
  );
  return Math.max(...bandwidths.slice(from).map(({ bytesPerSecond }) => bytesPerSecond));
}

/** The least time that an instruction can take. */
export function limitSeconds(
  roofline: Roofline,
  { flops, bytes, implementation }: Pick<TimedInstruction, "flops" | "bytes" | "implementation">,
): number {
  const needed = isWinograd(implementation) ? flops / winogradSaving : flops;
  const moving = bytes / bandwidthFor(roofline, bytes);
  return Math.max(needed / roofline.flopsPerSecond, moving);
}
