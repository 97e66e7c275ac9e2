/** Finds names that are written otherwise: accents stored apart (as macOS stores them) or in one, and letters of another case. */

/** A name in the form in which names are compared where no name is the same to the letter. */
export const foldedName = (name: string): string => name.normalize("NFC").toLowerCase().normalize("NFC");

/** Names with what they stand for, found as they are written, else folded where only one can be meant. */
export class FoldedNames<Value> {
  readonly #exact = new Map<string, Value>();
  readonly #folded = new Map<string, string | undefined>();

  constructor(entries: Iterable<readonly [name: string, value: Value]>) {
    for (const [name, value] of entries) {
      this.#exact.set(name, value);
      const folded = foldedName(name);
      this.#folded.set(folded, this.#folded.has(folded) && this.#folded.get(folded) !== name ? undefined : name);
    }
  }

  /** The one of the names that is meant; undefined where none is, or several could be. */
  nameOf(written: string): string | undefined {
    return this.#exact.has(written) ? written : this.#folded.get(foldedName(written));
  }

  /** What the name stands for; undefined as {@link nameOf}. */
  get(written: string): Value | undefined {
    const name = this.nameOf(written);
    return name === undefined ? undefined : this.#exact.get(name);
  }
}
