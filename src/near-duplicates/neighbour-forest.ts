/** Finds near points among many in near-linear time: a forest of trees that halve the points by random directions. */
import type { Random } from "../random.ts";

/** Points in a leaf. */
const leafSize = 24;

interface Tree {
  /** Per inner node: its direction at `node * dimensions`, and where to go. Node 0 is the root. */
  readonly directions: Float32Array;
  readonly thresholds: Float32Array;
  /** Per inner node two children: a node, or the complement of a leaf's number. */
  readonly children: Int32Array;
  /** Where each leaf begins in `order`, with the end as last entry. */
  readonly leaves: Int32Array;
  readonly order: Int32Array;
}

/**
 * A forest of random projection trees (Dasgupta and Freund 2008). Each tree finds a near point with some probability, and the trees
 * do so independently. Building takes O(n log n), a query O(log n).
 */
export class NeighbourForest {
  readonly #points: Float32Array;
  readonly #dimensions: number;
  readonly #trees: readonly Tree[];
  /** The query in which a point was last seen, so that several trees do not give it twice. */
  readonly #seen: Uint32Array;
  #query = 0;

  /** @param points (n, dimensions) */
  constructor(points: Float32Array, dimensions: number, trees: number, random: Random) {
    this.#points = points;
    this.#dimensions = dimensions;
    this.#seen = new Uint32Array(points.length / dimensions);
    this.#trees = Array.from({ length: trees }, () => buildTree(points, dimensions, random));
  }

  /** Calls `found` for points whose squared distance to `point` is at most `first`; what it returns is the limit from then on. */
  search(point: Float32Array, first: number, found: (index: number, squaredDistance: number) => number): void {
    let limit = first;
    const [points, dimensions, seen] = [this.#points, this.#dimensions, this.#seen];
    const query = ++this.#query;
    for (const { directions, thresholds, children, leaves, order } of this.#trees) {
      let node = children.length === 0 ? -1 : 0;
      while (node >= 0) {
        const side = project(point, 0, directions, node * dimensions, dimensions) < thresholds[node]! ? 0 : 1;
        node = children[2 * node + side]!;
      }
      for (let i = leaves[~node]!; i < leaves[~node + 1]!; i++) {
        const index = order[i]!;
        if (seen[index] === query) continue;
        seen[index] = query;
        let sum = 0;
        for (let d = 0, at = index * dimensions; d < dimensions && sum <= limit; d++, at++) {
          sum += (point[d]! - points[at]!) ** 2;
        }
        if (sum <= limit) limit = found(index, sum);
      }
    }
  }
}

function project(a: Float32Array, from: number, b: Float32Array, at: number, dimensions: number): number {
  let sum = 0;
  for (let d = 0; d < dimensions; d++) sum += a[from + d]! * b[at + d]!;
  return sum;
}

function buildTree(points: Float32Array, dimensions: number, random: Random): Tree {
  const count = points.length / dimensions;
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const projections = new Float32Array(count);
  const directions: Float32Array[] = [];
  const thresholds: number[] = [];
  const children: number[] = [];
  const leaves: number[] = [];
  const build = (start: number, end: number): number => {
    if (end - start <= leafSize) {
      leaves.push(start);
      return ~(leaves.length - 1);
    }
    // The line through two of the points follows how these points spread.
    const direction = new Float32Array(dimensions);
    const ends = [order[start + random.integer(end - start)]!, order[start + random.integer(end - start)]!] as const;
    for (let d = 0; d < dimensions; d++) {
      direction[d] = points[ends[0] * dimensions + d]! - points[ends[1] * dimensions + d]!;
    }
    if (direction.every((value) => value === 0)) direction[random.integer(dimensions)] = 1;
    const part = order.subarray(start, end);
    for (const index of part) projections[index] = project(points, index * dimensions, direction, 0, dimensions);
    part.sort((a, b) => projections[a]! - projections[b]! || a - b);
    const middle = Math.floor((start + end) / 2);
    const node = thresholds.length;
    directions.push(direction);
    thresholds.push(projections[order[middle]!]!);
    children.push(0, 0);
    children[2 * node] = build(start, middle);
    children[2 * node + 1] = build(middle, end);
    return node;
  };
  build(0, count);
  leaves.push(count);
  const flat = new Float32Array(directions.length * dimensions);
  directions.forEach((direction, node) => {
    flat.set(direction, node * dimensions);
  });
  return {
    directions: flat,
    thresholds: Float32Array.from(thresholds),
    children: Int32Array.from(children),
    leaves: Int32Array.from(leaves),
    order,
  };
}
