/** How figures are written in a study's texts. */

import type { ModelComparison } from "../../evaluation/comparison/model-comparison.ts";
import type { Estimate } from "../../evaluation/intervals/cluster-bootstrap.ts";
import type { Proportion } from "../../evaluation/intervals/proportion.ts";
import type { Evaluation } from "../../evaluation/judgement/evaluation.ts";
import { nameList } from "../../text/name-list.ts";
import * as plain from "../../text/numbers.ts";

export { count, plural } from "../../text/numbers.ts";

/** A proportion for people; its sign never stands at the beginning of a line. */
export const percent = (value: number | null | undefined): string =>
  value === null || value === undefined ? "not defined" : plain.percent(value).replace(" ", "\u00a0");

/** A proportion in a table's cell. */
export const short = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : percent(value);

/** An interval of proportions in a table's cell. */
export const range = (interval: readonly [number, number] | null | undefined): string =>
  interval ? `${(interval[0] * 100).toFixed(1)} to ${(interval[1] * 100).toFixed(1)}\u00a0%` : "–";

/** A figure with its interval, for people. */
export const withInterval = ({ value, interval }: Estimate): string =>
  interval ? `${percent(value)} (95 % interval ${range(interval)})` : percent(value);

/** A difference of proportions in points, with its sign. */
export const signedPoints = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value * 100).toFixed(1)}`;

/** A text as the beginning of a sentence. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Names as people list them. */
export const list = (parts: readonly string[]): string =>
  parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;

/** A figure that is no proportion. */
export const decimal = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? "–" : value.toFixed(digits);

/** Its interval. */
export const decimalRange = (interval: readonly [number, number] | null | undefined): string =>
  interval ? `${decimal(interval[0])} to ${decimal(interval[1])}` : "–";

/** For a cell of two lines: a rate with its counts, and its interval. */
export const rateText = ({ value, interval, count: some, of }: Proportion): string =>
  value === null ? "–" : `${percent(value)} (${some}/${of})\n${range(interval)}`;

/** The classes that the test images are of, which alone count in balanced accuracy, such as "2 of 3 classes (none of c)". */
export function testedClasses({ perClass }: Pick<Evaluation, "perClass">): string {
  const absent = perClass.filter(({ support }) => support === 0).map(({ class: name }) => name);
  const all = `${perClass.length} classes`;
  return absent.length === 0 ? all : `${perClass.length - absent.length} of ${all} (none of ${nameList(absent)})`;
}

/** A p-value with the name of its test. */
export const pValueText = ({ pValue, test }: Pick<ModelComparison, "pValue" | "test">): string =>
  `${test}: p ${pValue < 0.001 ? "below 0.001" : `= ${pValue.toFixed(3)}`}`;

/** A time, in seconds up to a minute and a half. */
export const duration = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} seconds` : `${(seconds / 60).toFixed(1)} minutes`;

/** Said of images that were reduced for want of time. */
export const resolution = ({
  imageSize,
  compared,
}: {
  readonly imageSize: number | null;
  readonly compared?: string;
}): string =>
  imageSize === null
    ? ""
    : `, at a resolution reduced to ${compared === undefined ? "" : "at most "}${imageSize} x ${imageSize} pixels to save time`;

/** The network that is compared with the notebook's, with the article of the one that naevus brings. */
export const comparedInWords = ({ compared }: { readonly compared?: string }, article: "a" | "the"): string =>
  compared === undefined ? `${article} larger network` : `the network ${compared}`;

/** The last part of an image's path. */
export const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
