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
