/** How far out the ends of a percentile interval have to lie where there are few groups to draw from. */
import { Z95 } from "./wilson-interval.ts";

/** The 97.5th percentile of Student's t: exact for 1 and 2 degrees of freedom, else within 1 % (Peizer and Pratt 1968). */
function studentT95(degrees: number): number {
  if (degrees === 1) return Math.tan(0.475 * Math.PI);
  if (degrees === 2) return 0.95 * Math.sqrt(2 / (1 - 0.95 ** 2));
  return Math.sqrt(degrees * Math.expm1((Z95 ** 2 * (degrees - 5 / 6)) / (degrees - 2 / 3 + 1 / (10 * degrees)) ** 2));
}

/** The lower tail of the standard normal distribution (Abramowitz and Stegun 1964, 26.2.17), for z <= 0, within 1e-7. */
function normalTail(z: number): number {
  const t = 1 / (1 - 0.2316419 * z);
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}

/**
 * The part of the resamples to leave out at each end for a 95 % interval: 2.5 % of many groups, less of few, whose resamples vary
 * too little by sqrt((n - 1) / n), and whose spread is itself uncertain, as Student's t has it (Hesterberg 2015, "What teachers
 * should know about the bootstrap", the expanded percentile interval).
 */
export const percentileTail = (groups: number): number =>
  normalTail(-Math.sqrt(groups / (groups - 1)) * studentT95(groups - 1));
