/** Lays one picture over another: which flip or quarter turn, and which part of the one the other shows, by correlation. */

/** A square grey picture, row by row. */
export interface Plane {
  readonly size: number;
  readonly values: Float32Array;
}

/**
 * Where a picture lies on another one, as an affine map: its point (x, y), counted from its centre in parts of its width and height,
 * lies at (p0 + p1 x + p2 y, p3 + p4 x + p5 y), in parts of the other's width and height.
 */
export type Placement = readonly [number, number, number, number, number, number];

/** A placement without turning: the part of the other one that begins at (left, top). */
export const placementOf = (left: number, top: number, width: number, height: number): Placement => [
  left + width / 2,
  width,
  0,
  top + height / 2,
  0,
  height,
];

/** How picture `b` is found in picture `a`. */
export interface Registration {
  /** Number of the turn of `b`, see {@link turnNames}. */
  readonly turn: number;
  /** Where the turned `b` lies on `a`; it may reach somewhat beyond. */
  readonly placement: Placement;
  /** Pearson correlation of the lightness of the two where they overlap, in -1 to 1. */
  readonly correlation: number;
}

/** The eight ways to lay down a square, in words; the number's bits are transposed, mirrored left to right, mirrored top to bottom. */
export const turnNames = [
  "as it is",
  "mirrored top to bottom",
  "mirrored left to right",
  "turned by 180°",
  "transposed",
  "turned by 90°",
  "turned by 270°",
  "transposed along the other diagonal",
] as const;

/** For a size and turn, where each pixel of the turned plane comes from. */
const origins = new Map<string, Int32Array>();

function originsOf(size: number, turn: number): Int32Array {
  const key = `${size} ${turn}`;
  let known = origins.get(key);
  if (known === undefined) {
    known = Int32Array.from({ length: size * size }, (_, pixel) => {
      const [x, y] = [pixel % size, Math.floor(pixel / size)];
      const [u, v] = turn & 4 ? [y, x] : [x, y];
      return (turn & 1 ? size - 1 - v : v) * size + (turn & 2 ? size - 1 - u : u);
    });
    origins.set(key, known);
  }
  return known;
}

/** A plane laid down in one of eight ways. */
export function turned({ size, values }: Plane, turn: number): Plane {
  const from = originsOf(size, turn);
  const result = new Float32Array(from.length);
  for (let i = 0; i < result.length; i++) result[i] = values[from[i]!]!;
  return { size, values: result };
}

/** A plane at half its size. */
export function halved({ size, values }: Plane): Plane {
  const half = size / 2;
  const result = new Float32Array(half * half);
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const at = 2 * y * size + 2 * x;
      result[y * half + x] = (values[at]! + values[at + 1]! + values[at + size]! + values[at + size + 1]!) / 4;
    }
  }
  return { size: half, values: result };
}

/** The largest picture that is laid over another one. */
const largest = 128;

/** What lies under each pixel of the picture on top, and its slopes; written by {@link look}, as millions of looks are taken. */
const under = new Float32Array(largest ** 2);
const slopesX = new Float32Array(largest ** 2);
const slopesY = new Float32Array(largest ** 2);

/** Samples `a` and its slopes under every pixel of a picture of `samples` x `samples` that lies on it into `under`; NaN outside `a`. */
function look({ size, values }: Plane, [p0, p1, p2, p3, p4, p5]: Placement, samples: number): void {
  const last = size - 2;
  for (let i = 0, pixel = 0; i < samples; i++) {
    const y = (i + 0.5) / samples - 0.5;
    for (let j = 0; j < samples; j++, pixel++) {
      const x = (j + 0.5) / samples - 0.5;
      const column = (p0 + p1 * x + p2 * y) * size - 0.5;
      const row = (p3 + p4 * x + p5 * y) * size - 0.5;
      if (!(column >= -0.5 && row >= -0.5 && column <= size - 0.5 && row <= size - 0.5)) {
        under[pixel] = Number.NaN;
        continue;
      }
      const left = column < 0 ? 0 : column > last ? last : column | 0;
      const top = row < 0 ? 0 : row > last ? last : row | 0;
      const right = column - left;
      const down = row - top;
      const at = top * size + left;
      const [nw, ne, sw, se] = [values[at]!, values[at + 1]!, values[at + size]!, values[at + size + 1]!];
      const above = nw + (ne - nw) * right;
      const below = sw + (se - sw) * right;
      under[pixel] = above + (below - above) * down;
      slopesX[pixel] = ((ne - nw) * (1 - down) + (se - sw) * down) * size;
      slopesY[pixel] = (below - above) * size;
    }
  }
}

/** Samples `a` at the pixels of a picture of `samples` x `samples`, at most 128, that lies on it; NaN outside `a`. */
export function sampleAt(a: Plane, placement: Placement, samples: number): Float32Array {
  look(a, placement, samples);
  return under.slice(0, samples ** 2);
}

/** At least this part of the picture on top has to lie on the other one. */
const leastOverlap = 0.6;

/** The correlation of `b` with what was last looked at under it. */
function correlationUnder({ size, values }: Plane): number {
  let [count, sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < size * size; i++) {
    const [p, q] = [under[i]!, values[i]!];
    if (Number.isNaN(p)) continue;
    count++;
    sumA += p;
    sumB += q;
    sumAA += p * p;
    sumBB += q * q;
    sumAB += p * q;
  }
  if (count < leastOverlap * size ** 2) return 0;
  const variance = (sumAA - (sumA * sumA) / count) * (sumBB - (sumB * sumB) / count);
  return variance > 1e-6 * count * count ? (sumAB - (sumA * sumB) / count) / Math.sqrt(variance) : 0;
}

/** Pearson correlation of `b`, of at most 128 x 128, with `a` under it; 0 where either is flat or too little overlaps. */
function correlate(a: Plane, b: Plane, placement: Placement): number {
  look(a, placement, b.size);
  return correlationUnder(b);
}

/** Unknowns of one step: six of the placement, then gain and offset of brightness. */
const unknowns = 8;
const normal = new Float64Array(unknowns * (unknowns + 1));

/**
 * Moves, stretches and turns a placement until the picture fits what lies under it, with gain and offset of brightness free
 * (Lucas and Kanade 1981; Gauss-Newton steps). The best placement on the way is kept, so that the correlation never falls.
 *
 * @param options.steps at most this many
 * @param options.needed the correlation that is asked for; the search ends early where it is out of reach
 */
export function align(
  a: Plane,
  b: Plane,
  start: Placement,
  { steps, needed }: { readonly steps: number; readonly needed: number },
): { readonly placement: Placement; readonly correlation: number } {
  let placement = start;
  let best = { placement, correlation: correlate(a, b, placement) };
  let [gain, offset] = [1, 0];
  for (let step = 0; step < steps; step++) {
    equations(b, gain, offset);
    const change = solve();
    if (change === undefined) break;
    const next = placement.map((value, i) => value + change[i]!) as unknown as Placement;
    if (!plausible(next)) break;
    gain += change[6]!;
    offset += change[7]!;
    placement = next;
    const correlation = correlate(a, b, placement);
    const gained = correlation - best.correlation;
    if (gained > 0) best = { placement, correlation };
    // A step may overshoot and come back; a worse one, or a last tiny one, ends the search.
    if (step > 0 && (gained < 1e-4 || best.correlation + (steps - step) * gained < needed)) break;
  }
  return best;
}

/**
 * Sets up the normal equations of one step from what was last looked at. The derivatives are s, s x, s y, d, d x, d y (slopes s across
 * and d down, each times 1, x and y), the value and 1: their products are few sums times powers of x and y, and along a row y
 * is constant, so that the innermost loop only adds up products with powers of x.
 */
function equations({ size, values }: Plane, gain: number, offset: number): void {
  normal.fill(0);
  for (let i = 0, pixel = 0; i < size; i++) {
    const y = (i + 0.5) / size - 0.5;
    let [ss, ssx, ssxx, sd, sdx, sdxx, dd, ddx, ddxx] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
    let [sv, svx, dv, dvx, s, sx, d, dx, sr, srx, dr, drx] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let [vv, v, vr, count, r] = [0, 0, 0, 0, 0];
    for (let j = 0; j < size; j++, pixel++) {
      const value = under[pixel]!;
      if (Number.isNaN(value)) continue;
      const x = (j + 0.5) / size - 0.5;
      const across = gain * slopesX[pixel]!;
      const down = gain * slopesY[pixel]!;
      const rest = values[pixel]! - gain * value - offset;
      const [acrossX, downX] = [across * x, down * x];
      ss += across * across;
      ssx += across * acrossX;
      ssxx += acrossX * acrossX;
      sd += across * down;
      sdx += across * downX;
      sdxx += acrossX * downX;
      dd += down * down;
      ddx += down * downX;
      ddxx += downX * downX;
      sv += across * value;
      svx += acrossX * value;
      dv += down * value;
      dvx += downX * value;
      s += across;
      sx += acrossX;
      d += down;
      dx += downX;
      sr += across * rest;
      srx += acrossX * rest;
      dr += down * rest;
      drx += downX * rest;
      vv += value * value;
      v += value;
      vr += value * rest;
      count++;
      r += rest;
    }
    addRow(0, ss, ssx, ss * y, sd, sdx, sd * y, sv, s, sr);
    addRow(1, 0, ssxx, ssx * y, sdx, sdxx, sdx * y, svx, sx, srx);
    addRow(2, 0, 0, ss * y * y, sd * y, sdx * y, sd * y * y, sv * y, s * y, sr * y);
    addRow(3, 0, 0, 0, dd, ddx, dd * y, dv, d, dr);
    addRow(4, 0, 0, 0, 0, ddxx, ddx * y, dvx, dx, drx);
    addRow(5, 0, 0, 0, 0, 0, dd * y * y, dv * y, d * y, dr * y);
    addRow(6, 0, 0, 0, 0, 0, 0, vv, v, vr);
    addRow(7, 0, 0, 0, 0, 0, 0, 0, count, r);
  }
}

function addRow(row: number, ...terms: readonly number[]): void {
  for (let j = row; j <= unknowns; j++) normal[row * (unknowns + 1) + j]! += terms[j]!;
}

/** Solves the normal equations, whose upper half and right side are set, slightly damped; undefined where they are singular. */
function solve(): Float64Array | undefined {
  const width = unknowns + 1;
  for (let i = 0; i < unknowns; i++) {
    for (let j = 0; j < i; j++) normal[i * width + j] = normal[j * width + i]!;
  }
  for (let i = 0; i < unknowns; i++) normal[i * width + i]! *= 1 + 1e-3;
  for (let pivot = 0; pivot < unknowns; pivot++) {
    const head = normal[pivot * width + pivot]!;
    if (!(Math.abs(head) > 1e-9)) return undefined;
    for (let i = 0; i < unknowns; i++) {
      if (i === pivot) continue;
      const factor = normal[i * width + pivot]! / head;
      for (let j = pivot; j < width; j++) normal[i * width + j]! -= factor * normal[pivot * width + j]!;
    }
  }
  return Float64Array.from({ length: unknowns }, (_, i) => normal[i * width + unknowns]! / normal[i * width + i]!);
}

/** Whether a placement is one that cutting, scaling or turning a little gives: no strong shear, nothing far outside. */
function plausible([x, p1, p2, y, p4, p5]: Placement): boolean {
  const within = (value: number, least: number, most: number): boolean => value >= least && value <= most;
  const sheared = Math.abs(p2) > 0.35 || Math.abs(p4) > 0.35 || Math.abs(p2 + p4) > 0.2;
  return within(x, 0.2, 0.8) && within(y, 0.2, 0.8) && within(p1, 0.5, 1.3) && within(p5, 0.5, 1.3) && !sheared;
}

/** The correlations below which a look is not looked at more closely: as it is first laid down, aligned at half its size, and at its own. */
const firstLimit = 0.6;
const coarseLimit = 0.87;
const fineLimit = 0.85;

/** The planes that {@link register} compares: a look, and that at half its size in all eight ways. */
export interface RegisteredLook {
  readonly fine: Plane;
  readonly coarse: Plane;
}

/** Prepares a look for {@link register}. */
export const registeredLook = (fine: Plane): RegisteredLook => ({ fine, coarse: halved(fine) });

/**
 * Finds how `b` shows the part of `a` that lies about `start`, or something near it. Undefined where no way to lay it down looks
 * alike, that is, correlates by 0.85. Both planes have the same even size.
 */
export function register(a: RegisteredLook, b: RegisteredLook, start: Placement): Registration | undefined {
  const ways = turnNames
    .map((_, turn) => {
      const on = turned(b.coarse, turn);
      return { turn, on, score: correlate(a.coarse, on, start) };
    })
    .filter(({ score }) => score > firstLimit)
    .sort((p, q) => q.score - p.score)
    .filter(({ score }, place, all) => place === 0 || (place === 1 && score > all[0]!.score - 0.1))
    .map(({ turn, on }) => ({ turn, ...align(a.coarse, on, start, { steps: 4, needed: coarseLimit }) }))
    .sort((p, q) => q.correlation - p.correlation);
  const [best] = ways;
  if (best === undefined || best.correlation < coarseLimit) return undefined;
  const fine = align(a.fine, turned(b.fine, best.turn), best.placement, { steps: 4, needed: fineLimit });
  return fine.correlation < fineLimit ? undefined : { turn: best.turn, ...fine };
}
