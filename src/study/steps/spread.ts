/** A distribution as five numbers. */
import { quantile } from "../../evaluation/intervals/quantile.ts";

/** At 5, 25, 50, 75 and 95 %. */
export interface Spread {
  readonly low: number;
  readonly quarter: number;
  readonly median: number;
  readonly threeQuarters: number;
  readonly high: number;
}

/** Quantiles of some numbers, to four digits. */
export function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (part: number) => Number(quantile(sorted, part).toPrecision(4));
  return { low: at(0.05), quarter: at(0.25), median: at(0.5), threeQuarters: at(0.75), high: at(0.95) };
}
