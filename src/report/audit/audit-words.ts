/** What the audit's page and its text say in the same words. */
import type { Confounds } from "../../audit/confounds.ts";
import type { Audit, Place } from "../../audit/findings.ts";
import { nameList } from "../../text/name-list.ts";
import { percent } from "../../text/numbers.ts";

/** The classes that hold one content, such as `melanoma & seborrheic keratosis`. */
export const classPair = (files: readonly Place[]): string =>
  [...new Set(files.map((file) => file.class))].sort().join(" & ");

/** Counts by a text, the most frequent first. */
export function tally(texts: readonly string[]): readonly (readonly [text: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** Why lesions, patients or diagnoses are unknown, so that no finding about them means nothing; undefined where some are known. */
export function unknownWhy({ metadata }: Audit, field: "lesion" | "patient" | "diagnosis"): string | undefined {
  if (metadata === undefined) return "no metadata given";
  return metadata.fields.includes(field) ? undefined : `the metadata have no ${field}`;
}

/** What the trivial models' cross-validation never separates. */
export const neverSplit = (audit: Audit): string =>
  unknownWhy(audit, "lesion") === undefined ? "near duplicates and known lesions" : "near duplicates";

/** What curation did before the audit; undefined where there was none. */
export const curatedNote = ({ curation }: Audit): string | undefined =>
  curation &&
  `after curation: ${curation.leftOut} left out, ${curation.relabelled} relabelled` +
    (curation.classesLeftOut.length > 0 ? `, without ${nameList(curation.classesLeftOut)}` : "");

/**
 * What trivial models tell, by kind of evidence, and what the range of the id tells: balanced accuracy, guessing, best permutation and p, of
 * which the last two are null where nothing was permuted.
 */
export const sourceRows = ({ evidence, ids }: Confounds): readonly (readonly (string | null)[])[] => [
  ...evidence.map((one) => [
    one.evidence,
    percent(one.balancedAccuracy),
    percent(one.chance),
    percent(one.permuted),
    one.pValue.toFixed(2),
  ]),
  ...(ids ? [["range of the ISIC id", percent(ids.balancedAccuracy), percent(ids.chance), null, null]] : []),
];
