/** Orders names by Unicode code point, so that every machine and locale lists a data set in the same order. */

/** A comparison for `sort`: by code point (`<` on strings would go by UTF-16 unit, `localeCompare` by locale). */
export function byCodePoint(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    const isLowHalf = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
    // Where only the second halves of two surrogate pairs differ, step back to their common first half.
    const start = i > 0 && isLowHalf(a.charCodeAt(i)) && isLowHalf(b.charCodeAt(i)) ? i - 1 : i;
    return a.codePointAt(start)! - b.codePointAt(start)!;
  }
  return a.length - b.length;
}
