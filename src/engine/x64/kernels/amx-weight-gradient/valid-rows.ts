/** Rows of images that may or may not be there. */
import { type Assembler, r8, rbp } from "../../assembler/assembler.ts";

/** `valid` for a row (r8) of `rows` of an image that there is (rbp: images left), else `empty`. */
export function whereValid(a: Assembler, rows: number, valid: () => void, empty: () => void): void {
  const [isEmpty, end] = [a.label(), a.label()];
  a.cmp(rbp, 0);
  a.jump("lessOrEqual", isEmpty);
  a.cmp(r8, 0);
  a.jump("less", isEmpty);
  a.cmp(r8, rows);
  a.jump("greaterOrEqual", isEmpty);
  valid();
  a.jump("always", end);
  a.place(isEmpty);
  empty();
  a.place(end);
}
