/** For every picture the few others that may show the same photograph, by the descriptors of their looks. */
import { Random } from "../random.ts";
import { lookBytes } from "./look.ts";
import { describeLook, descriptorLength, windows } from "./look-descriptor.ts";
import { NeighbourForest } from "./neighbour-forest.ts";

/** Squared distance of descriptors up to which another picture is a candidate. */
const candidateLimit = 0.5 ** 2;

/** Candidates of one picture. */
const candidatesEach = 6;

const trees = 12;

/** An image that may show the same photograph as another. */
export interface LookCandidate {
  readonly b: number;
  /** Numbers of the windows of the picture that are most like the whole of `b`, the best first. */
  readonly windows: readonly number[];
  /** Squared, of the best. */
  readonly distance: number;
}

/**
 * For each picture of a share in turn its nearest ones, the nearest first: every window of it is compared with the whole of the others.
 *
 * @param options.part of `parts` shares, from 0: picture number `i` belongs to share `i % parts`
 */
export function* lookCandidates(
  looks: Uint8Array,
  { part, parts, seed }: { readonly part: number; readonly parts: number; readonly seed: number },
): Generator<{ readonly a: number; readonly near: readonly LookCandidate[] }> {
  const count = looks.length / lookBytes;
  const points = new Float32Array(count * descriptorLength);
  const look = (index: number): Uint8Array => looks.subarray(index * lookBytes, (index + 1) * lookBytes);
  for (let i = 0; i < count; i++) {
    describeLook(look(i), 1, points.subarray(i * descriptorLength, (i + 1) * descriptorLength));
  }
  const forest = new NeighbourForest(points, descriptorLength, trees, Random.of(seed));
  const described = new Float32Array(windows.length * descriptorLength);
  const nearest = new Nearest();
  for (let a = part; a < count; a += parts) {
    describeLook(look(a), windows.length, described);
    nearest.clear();
    for (let window = 0; window < windows.length; window++) {
      const point = described.subarray(window * descriptorLength, (window + 1) * descriptorLength);
      forest.search(point, nearest.limit, (b, distance) => {
        if (b !== a) nearest.offer(b, distance, window);
        return nearest.limit;
      });
    }
    yield { a, near: nearest.list() };
  }
}

/** The nearest pictures seen so far, in order; without garbage, as millions are offered. */
class Nearest {
  readonly #pictures = new Int32Array(candidatesEach);
  readonly #distances = new Float64Array(candidatesEach);
  readonly #best = new Int32Array(candidatesEach);
  /** -1 where no second window is near. */
  readonly #second = new Int32Array(candidatesEach);
  #count = 0;

  clear(): void {
    this.#count = 0;
  }

  /** What is farther need not be offered. */
  get limit(): number {
    return this.#count < candidatesEach ? candidateLimit : this.#distances[candidatesEach - 1]!;
  }

  offer(picture: number, distance: number, window: number): void {
    let place = 0;
    while (place < this.#count && this.#pictures[place] !== picture) place++;
    let second = -1;
    if (place < this.#count) {
      if (distance >= this.#distances[place]!) {
        if (this.#second[place] === -1) this.#second[place] = window;
        return;
      }
      second = this.#best[place]!;
    } else if (this.#count < candidatesEach) place = this.#count++;
    else if (distance < this.#distances[place - 1]!) place--;
    else return;
    for (; place > 0 && this.#distances[place - 1]! > distance; place--) {
      this.#pictures[place] = this.#pictures[place - 1]!;
      this.#distances[place] = this.#distances[place - 1]!;
      this.#best[place] = this.#best[place - 1]!;
      this.#second[place] = this.#second[place - 1]!;
    }
    this.#pictures[place] = picture;
    this.#distances[place] = distance;
    this.#best[place] = window;
    this.#second[place] = second;
  }

  list(): LookCandidate[] {
    return Array.from({ length: this.#count }, (_, i) => ({
      b: this.#pictures[i]!,
      windows: this.#second[i] === -1 ? [this.#best[i]!] : [this.#best[i]!, this.#second[i]!],
      distance: this.#distances[i]!,
    }));
  }
}
