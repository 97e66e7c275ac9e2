/** Seeded random numbers whose state can be saved: the same seed gives the same sequence on every machine. */

/** The whole state of a {@link Random}: four unsigned 32-bit words. */
export type RandomState = readonly [number, number, number, number];

/** SplitMix32's finaliser: spreads the bits of a 32-bit word. */
const mix = (value: number): number => {
  let word = value | 0;
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return (word ^ (word >>> 15)) >>> 0;
};

/** The generator sfc32 (PractRand's small fast counting generator): 128 bits of state, period of at least 2^32. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  private constructor([a, b, c, counter]: RandomState) {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#counter = counter | 0;
  }

  /** A generator for a path of whole numbers, such as (seed, epoch, image): each path has its own sequence. */
  static of(...path: readonly number[]): Random {
    let hash = 0x9e3779b9;
    for (const part of path) {
      hash = mix(hash ^ mix(part >>> 0));
      hash = mix(hash + Math.floor(part / 2 ** 32) + 0x6d2b79f5);
    }
    const random = new Random([hash, mix(hash + 1), mix(hash + 2), 1]);
    for (let i = 0; i < 12; i++) random.uint32();
    return random;
  }

  /** A generator that goes on from a state that another one was in. */
  static fromState(state: RandomState): Random {
    return new Random(state);
  }

  /** The state as four numbers, from which {@link Random.fromState} goes on. */
  get state(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#counter >>> 0];
  }

  /** A whole number in [0, 2^32). */
  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + result;
    this.#c |= 0;
    return result >>> 0;
  }

  /** A number in [0, 1) with 32 random bits. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  /** A standard normal number (Box and Muller 1958, one of the two). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher and Yates) and returns the same array. */
  shuffle<T extends { length: number; [index: number]: number }>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const kept = values[i]!;
      values[i] = values[j]!;
      values[j] = kept;
    }
    return values;
  }
}
