/** Instructions that are put off until something reads what they write, so that a kernel may do their work on its way. */
import type { Storage, Value } from "./value.ts";

/** Work that is put off. */
export interface Deferred {
  readonly kind: string;
  /** What they read, as far as others write or overwrite it. */
  readonly reads: readonly Value[];
  /** Adds them. */
  emit(): void;
}

/** The work that is put off at present, by the storage that it writes. */
export class DeferredWork {
  readonly #byStorage = new Map<Storage, Deferred>();

  /** Puts off the work that writes `values`. */
  add(values: readonly Value[], work: Deferred): void {
    for (const { storage } of values) this.#byStorage.set(storage, work);
  }

  /** Whether some of it still reads what is in `storage`. */
  awaits(storage: Storage): boolean {
    return [...this.#byStorage.values()].some(({ reads }) => reads.some((value) => value.storage === storage));
  }

  /** The work of a kind that writes `value`, which is the caller's to do now. */
  take<Work extends Deferred>({ storage }: Value, kind: Work["kind"]): Work | undefined {
    const work = this.#byStorage.get(storage);
    if (work?.kind !== kind) return undefined;
    this.#forget(work);
    return work as Work;
  }

  /** Adds the work that writes any of `values`. */
  emitWritersOf(values: readonly Value[]): void {
    for (const { storage } of values) {
      const work = this.#byStorage.get(storage);
      if (work) this.#emit(work);
    }
  }

  emitAll(): void {
    for (const work of new Set(this.#byStorage.values())) this.#emit(work);
  }

  #emit(work: Deferred): void {
    this.#forget(work);
    work.emit();
  }

  #forget(work: Deferred): void {
    for (const [storage, present] of this.#byStorage) if (present === work) this.#byStorage.delete(storage);
  }
}
