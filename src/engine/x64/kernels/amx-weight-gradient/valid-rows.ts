/** Rows of images that may or may not be there. */
import type { General } from "../../assembler/operands.ts";
import type { KernelAssembler } from "../task-kernel.ts";

/** Registers that say which row of which image is next. */
export interface Place {
  readonly row: General;
  readonly imagesLeft: General;
}

/** `valid` for a row of `rows` of an image that there is, else `empty`. */
export function whereValid(
  a: KernelAssembler,
  { row, imagesLeft }: Place,
  rows: number,
  valid: () => void,
  empty: () => void,
): void {
  a.when(
    [
      [imagesLeft, "greater", 0],
      [row, "greaterOrEqual", 0],
      [row, "less", rows],
    ],
    valid,
    empty,
  );
}
