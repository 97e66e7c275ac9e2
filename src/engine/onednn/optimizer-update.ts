/** What an optimizer works on, and how it is told the numbers of an update. */
import type { Region } from "./parameter-store.ts";

export interface FlatArrays {
  readonly weights: Uint8Array;
  readonly gradients: Uint8Array;
  /** In the order of `optimizerSlots`. */
  readonly slots: readonly Uint8Array[];
  /** The regions that weight decay applies to, and that are trained at all. */
  readonly decayed: Region;
  readonly trained: Region;
}

/** Numbers of one update that are read from memory. */
export type SetScalars = (learningRate: number, updates: number) => void;
