/** Widths that oneDNN's weight gradients are slow at on AMX, and the next one that they are fast at. */

/** Rows of an AMX tile pair: the most positions of an output row that one piece takes. */
const LONGEST_PIECE = 32;
/** Measured: from about this length on a piece fills its tiles well enough. */
const LONG_ENOUGH = 10;

/** oneDNN 2.x cuts an output row, made even, into equal pieces of even length. */
function pieceLength(width: number): number {
  const even = 2 * Math.ceil(width / 2);
  for (let length = Math.min(even, LONGEST_PIECE); length > 2; length -= 2) if (even % length === 0) return length;
  return 2;
}

/**
 * The least width, from `width` on, whose rows are not cut into short pieces. A row of 45 or 46 is cut into 23 pieces of 2,
 * and takes five times as long as one of 48, which is cut into 2 of 24. Columns of zeros do not change the gradient.
 */
export function fastWidth(width: number): number {
  if (width <= LONGEST_PIECE) return width;
  let wider = width;
  while (pieceLength(wider) < LONG_ENOUGH) wider++;
  return wider;
}
