/** Whether two pictures that lie on each other share their fine structure, which two pictures of different lesions never do. */

/** Blocks along each side. */
const blocks = 8;

/** Grey levels of detail (standard deviation) below which a block is flat. */
const leastDetail = 0.6;

/** A picture without its coarse structure: each pixel less the mean of the 7 x 7 pixels around it that are numbers. */
function detailOf(values: ArrayLike<number>, size: number): Float32Array {
  const radius = 3;
  // Running sums of values and of their number, with a border of zeros.
  const side = size + 1;
  const sums = new Float64Array(side * side);
  const counts = new Int32Array(side * side);
  for (let y = 0; y < size; y++) {
    let [sum, count] = [0, 0];
    for (let x = 0; x < size; x++) {
      const value = values[y * size + x]!;
      if (!Number.isNaN(value)) {
        sum += value;
        count++;
      }
      sums[(y + 1) * side + x + 1] = sums[y * side + x + 1]! + sum;
      counts[(y + 1) * side + x + 1] = counts[y * side + x + 1]! + count;
    }
  }
  const result = new Float32Array(size * size);
  for (let y = 0, at = 0; y < size; y++) {
    const [top, bottom] = [Math.max(y - radius, 0) * side, Math.min(y + radius + 1, size) * side];
    for (let x = 0; x < size; x++, at++) {
      const [left, right] = [Math.max(x - radius, 0), Math.min(x + radius + 1, size)];
      const [a, b, c, d] = [bottom + right, bottom + left, top + right, top + left];
      const mean = (sums[a]! - sums[b]! - sums[c]! + sums[d]!) / (counts[a]! - counts[b]! - counts[c]! + counts[d]!);
      result[at] = values[at]! - mean;
    }
  }
  return result;
}

/**
 * The median, over the blocks of an 8 x 8 grid, of the correlation of fine structure; NaN pixels of `a` do not count. A median, so
 * that a ruler, a frame or a hair common to two pictures does not make them one. 0 where fewer than a quarter of the blocks have structure.
 *
 * @param a and b both (size, size)
 */
export function sharedDetail(a: ArrayLike<number>, b: ArrayLike<number>, size: number): number {
  const [detailA, detailB] = [detailOf(a, size), detailOf(b, size)];
  const correlations: number[] = [];
  const step = size / blocks;
  for (let block = 0; block < blocks * blocks; block++) {
    const [left, top] = [(block % blocks) * step, Math.floor(block / blocks) * step];
    let [count, sumAA, sumBB, sumAB] = [0, 0, 0, 0];
    for (let y = top; y < top + step; y++) {
      for (let x = left; x < left + step; x++) {
        const [p, q] = [detailA[y * size + x]!, detailB[y * size + x]!];
        if (Number.isNaN(p)) continue;
        count++;
        sumAA += p * p;
        sumBB += q * q;
        sumAB += p * q;
      }
    }
    const least = count * leastDetail ** 2;
    if (count > step ** 2 / 2 && sumAA > least && sumBB > least) correlations.push(sumAB / Math.sqrt(sumAA * sumBB));
  }
  if (correlations.length < blocks ** 2 / 4) return 0;
  return correlations.sort((p, q) => p - q)[Math.floor(correlations.length / 2)]!;
}
