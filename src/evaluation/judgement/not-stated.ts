/** Figures that an evaluation could not state, with the reasons. */

/** A figure that is not stated, and why. */
export interface NotStated {
  readonly what: string;
  readonly why: string;
}

/** Takes note of a figure that cannot be stated. */
export type Miss = (what: string, why: string) => void;
