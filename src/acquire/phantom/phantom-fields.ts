/** Fields of numbers over a square image, from which phantom images are composed: noise, cells, soft dots and strokes. */

import type { Random } from "../../random.ts";

/** One value per pixel, rows from the top. */
export type Field = Float32Array;

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothStep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** Smooth noise in [-1, 1] with `cells` random values along each side (value noise). */
function noise(size: number, cells: number, random: Random): Field {
  const side = Math.ceil(cells) + 2;
  const lattice = Float32Array.from({ length: side * side }, () => random.uniform() * 2 - 1);
  const field = new Float32Array(size * size);
  const [index, weight] = [new Int32Array(size), new Float32Array(size)];
  const scale = cells / size;
  for (let x = 0; x < size; x++) {
    index[x] = Math.floor(x * scale);
    weight[x] = smoothStep(0, 1, x * scale - index[x]!);
  }
  const between = new Float32Array(side);
  for (let y = 0; y < size; y++) {
    const row = index[y]! * side;
    for (let c = 0; c < side; c++) {
      between[c] = lattice[row + c]! + (lattice[row + side + c]! - lattice[row + c]!) * weight[y]!;
    }
    for (let x = 0; x < size; x++) {
      const left = between[index[x]!]!;
      field[y * size + x] = left + (between[index[x]! + 1]! - left) * weight[x]!;
    }
  }
  return field;
}

/** Noise over several scales, each twice as fine and half as strong as the one before; about [-1, 1]. */
export function fractalNoise(size: number, cells: number, octaves: number, random: Random): Field {
  const sum = new Float32Array(size * size);
  for (let octave = 0, weight = 0.6; octave < octaves && cells * 2 ** octave <= size; octave++, weight /= 2) {
    const layer = noise(size, cells * 2 ** octave, random);
    for (let i = 0; i < sum.length; i++) sum[i]! += layer[i]! * weight;
  }
  return sum;
}

/** Distances to points strewn on a jittered grid (Worley 1996), in units of the grid. */
export interface Cells {
  /** To the nearest point. */
  readonly centre: Field;
  /** How much farther the second nearest point is: 0 on the border between two cells. */
  readonly border: Field;
  /** A random number in [0, 1) of the nearest point, the same over its whole cell. */
  readonly value: Field;
}

/** `cells` cells along each side; `jitter` 0 gives a square grid, 1 an irregular one. */
export function cellField(size: number, cells: number, jitter: number, random: Random): Cells {
  const side = Math.ceil(cells) + 3;
  const [across, down] = [new Float32Array(side * side), new Float32Array(side * side)];
  for (let point = 0; point < side * side; point++) {
    const row = Math.floor(point / side);
    // Every second row is shifted by half a cell, so that a regular field is a honeycomb, as pigment networks are.
    across[point] = (point % side) + (row % 2 === 0 ? 0.75 : 0.25) + (random.uniform() - 0.5) * jitter;
    down[point] = row + 0.5 + (random.uniform() - 0.5) * jitter;
  }
  const values = Float32Array.from({ length: side * side }, () => random.uniform());
  const [centre, border, value] = [0, 0, 0].map(() => new Float32Array(size * size)) as [Field, Field, Field];
  const scale = cells / size;
  for (let y = 0; y < size; y++) {
    const v = y * scale + 1;
    const row = Math.floor(v);
    for (let x = 0; x < size; x++) {
      const u = x * scale + 1;
      const column = Math.floor(u);
      let first = 9;
      let second = 9;
      let nearest = 0;
      for (let r = row - 1; r <= row + 1; r++) {
        for (let point = r * side + column - 1, end = point + 2; point <= end; point++) {
          const dx = across[point]! - u;
          const dy = down[point]! - v;
          const distance = dx * dx + dy * dy;
          if (distance < first) {
            second = first;
            first = distance;
            nearest = point;
          } else if (distance < second) second = distance;
        }
      }
      const i = y * size + x;
      centre[i] = Math.sqrt(first);
      border[i] = Math.sqrt(second) - centre[i]!;
      value[i] = values[nearest]!;
    }
  }
  return { centre, border, value };
}

/** Lays a soft round dot into a field: the larger of what is there and the dot. */
export function addDot(field: Field, size: number, x: number, y: number, radius: number, strength: number): void {
  const reach = radius + 1;
  for (let py = Math.max(0, Math.floor(y - reach)); py <= Math.min(size - 1, y + reach); py++) {
    for (let px = Math.max(0, Math.floor(x - reach)); px <= Math.min(size - 1, x + reach); px++) {
      const value = strength * (1 - smoothStep(radius * 0.5, reach, Math.sqrt((px - x) ** 2 + (py - y) ** 2)));
      const i = py * size + px;
      if (value > field[i]!) field[i] = value;
    }
  }
}

/** A line that wanders: where it starts, its heading in radians, its length and width in pixels, and how it bends and thins. */
export interface Stroke {
  readonly x: number;
  readonly y: number;
  readonly heading: number;
  readonly length: number;
  readonly width: number;
  /** Standard deviation of the turn over each pixel, in radians. */
  readonly wander: number;
  /** A steady turn over each pixel, in radians. */
  readonly bend: number;
  readonly strength: number;
  /** Depth of side branches, each shorter and thinner; 0 for a plain line. */
  readonly branches: number;
}

/** Draws a wandering line, and its branches, into a field. */
export function addStroke(field: Field, size: number, stroke: Stroke, random: Random): void {
  let { x, y, heading } = stroke;
  const step = Math.max(0.7, stroke.width / 2);
  for (let done = 0; done < stroke.length; done += step) {
    const width = stroke.branches > 0 ? stroke.width * (1 - (0.6 * done) / stroke.length) : stroke.width;
    addDot(field, size, x, y, width / 2, stroke.strength);
    heading += stroke.bend * step + random.normal() * stroke.wander * Math.sqrt(step);
    x += Math.cos(heading) * step;
    y += Math.sin(heading) * step;
    if (stroke.branches > 0 && random.uniform() < (3 * step) / stroke.length) {
      const turn = (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform() * 0.6);
      const [length, thickness] = [stroke.length * (0.3 + random.uniform() * 0.3), width * 0.7];
      const branch = {
        ...stroke,
        x,
        y,
        heading: heading + turn,
        length,
        width: thickness,
        branches: stroke.branches - 1,
      };
      addStroke(field, size, branch, random);
    }
  }
}
