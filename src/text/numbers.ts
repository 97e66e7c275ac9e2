/** Numbers as people read them. */

/** A proportion, such as `47.5 %`. */
export const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;

/** A proportion that was chosen, without zeros at its end, such as `95 %` and `97.5 %`. */
export const chosenPercent = (value: number): string => `${Number((value * 100).toFixed(2))} %`;

/** A count, such as `2,357`. */
export const count = (value: number): string => value.toLocaleString("en-US");

/** A count of things, such as `1 image` and `2,357 images`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

const magnitudes = ["", " k", " M", " G", " T", " P", " E"] as const;

/** A large number in three digits, such as `864`, `7.08 M` and `1.21 G`. */
export function magnitude(value: number): string {
  let power = 0;
  for (; Number(value.toPrecision(3)) >= 1000 && power < magnitudes.length - 1; power++) value /= 1000;
  return `${power === 0 ? Math.round(value) : value.toPrecision(3)}${magnitudes[power]}`;
}

/** A size in bytes, such as `704 B`, `15.9 MB` and `1.21 GB`; a megabyte is a million bytes. */
export const byteSize = (bytes: number): string => (bytes < 1000 ? `${bytes} B` : `${magnitude(bytes)}B`);
