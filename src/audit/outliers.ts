/** Finds images that are unlike the rest in size, light, colour or sharpness, by robust z-scores. */

import { median } from "../median.ts";
import { type MeasureName, measureNames } from "../near-duplicates/measures.ts";
import type { ContentFacts } from "../near-duplicates/survey.ts";

/** How far beyond the rest an image is called an outlier. */
export const outlierLimit = 6;

/** The rule in words, for reports. */
export const outlierRule =
  `an image is an outlier where a value is more than ${outlierLimit} robust standard deviations (1.4826 times the median ` +
  "absolute deviation) from the median";

/** A value of one content that is far from the others'. */
export interface Outlier {
  /** Number of the content. */
  readonly content: number;
  readonly what: string;
  readonly value: number;
  readonly median: number;
  /** Robust standard deviations from the median. */
  readonly score: number;
}

const measured =
  (name: MeasureName) =>
  ({ measures }: ContentFacts): number =>
    measures[measureNames.indexOf(name)]!;

/** What is compared: a name, and the scale on which its values lie about evenly. */
const values: Readonly<Record<string, (facts: ContentFacts) => number>> = {
  "size (log2 of pixels)": ({ width, height }) => Math.log2(width * height),
  "aspect (log2 of width over height)": ({ width, height }) => Math.log2(width / height),
  brightness: measured("brightness"),
  contrast: measured("contrast"),
  colourfulness: measured("colourfulness"),
  "redness (red less mean of green and blue)": (facts) =>
    measured("red")(facts) - (measured("green")(facts) + measured("blue")(facts)) / 2,
  "sharpness (log10)": measured("sharpness"),
};

/** The standard deviation by deviations from the median: by their median, or by their mean where most are zero. */
function robustSpread(deviations: readonly number[]): number {
  const middle = 1.4826 * median(deviations);
  return middle > 0 ? middle : (1.2533 * deviations.reduce((sum, value) => sum + value, 0)) / deviations.length;
}

/** The outliers among contents, the farthest first; one that is far in several ways appears for each. */
export function findOutliers(contents: readonly ContentFacts[]): Outlier[] {
  if (contents.length === 0) return [];
  return Object.entries(values)
    .flatMap(([what, readFrom]) => {
      const all = contents.map(readFrom);
      const middle = median(all);
      const spread = robustSpread(all.map((value) => Math.abs(value - middle)));
      if (!(spread > 1e-9)) return [];
      return all.flatMap((value, content): Outlier[] => {
        const score = (value - middle) / spread;
        return Math.abs(score) > outlierLimit ? [{ content, what, value, median: middle, score }] : [];
      });
    })
    .sort((a, b) => Math.abs(b.score) - Math.abs(a.score));
}
