/** Whether what an update wrote is finite, told from sums that it makes on its way. */
import { bytesPerElement } from "../../library/constants.ts";
import type { PrimitiveDescriptor } from "../../library/descriptors.ts";
import type { Program } from "../../program/program.ts";
import type { Value } from "../../program/value.ts";
import { areFinite } from "./optimizer-update.ts";

/** Floats of a register of the widest processors, and how many registers are summed up side by side. */
const LANES = 16;
const REGISTERS = 8;

/**
 * Appends sums of values, each a piece of a flat array, which oneDNN makes fastest as a mean over the height of maps of so many channels.
 *
 * @param most how many values there will be at most
 * @returns where the sums will be, each divided by how many numbers it has
 */
export function sumMaker(program: Program, most: number) {
  const sums = program.host([most, REGISTERS * LANES]);
  const made = new Map<number, PrimitiveDescriptor>();
  /** How many numbers each mean is of. */
  const heights: number[] = [];
  const addSum = (value: Value) => {
    const length = value.descriptor.dimensions[0]!;
    // Every piece is whole registers long, and all but the last of a region are whole numbers of so many.
    const width = length % (REGISTERS * LANES) === 0 ? REGISTERS : 1;
    const height = length / (width * LANES);
    const source = program.channelsLast([1, LANES, height, width], "f32");
    const destination = program.channelsLast([1, LANES, 1, width], "f32");
    const kernel = [height, 1] as const;
    const shapes = { source, destination, kernel, stride: kernel, padding: [0, 0, 0, 0] } as const;
    const primitive =
      made.get(length) ?? program.descriptors.pooling({ ...shapes, algorithm: "averageExcludePadding" }, "inference");
    made.set(length, primitive);
    const place = bytesPerElement.f32 * REGISTERS * LANES * heights.length;
    heights.push(height);
    program.add("optimizer sums", primitive, {
      source: program.view(value, source),
      destination: program.view(sums.value, destination, place),
    });
  };
  /** The sum of all values, in float64. */
  const total = () =>
    heights.reduce((all, height, index) => {
      const means = sums.array.subarray(REGISTERS * LANES * index, REGISTERS * LANES * (index + 1));
      return all + height * means.reduce((sum, mean) => sum + mean, 0);
    }, 0);
  return { sums: sums.array, addSum, total };
}

/** So many updates see all of Adam's mean squares: one that is not finite stays so, and makes its weight stand still. */
const PARTS = 64;

/** Whether a part of the values is finite: another one with every call. */
export function partWatcher(values: Float32Array): () => boolean {
  const length = Math.ceil(values.length / PARTS);
  let next = 0;
  return () => {
    const from = length * (next++ % PARTS);
    return areFinite(values.subarray(from, from + length));
  };
}
