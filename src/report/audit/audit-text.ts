/** An audit as text for a terminal: what was found, the worst first, with examples. */

import { largestClasses } from "../../audit/distribution.ts";
import { oddities } from "../../audit/file-findings.ts";
import type { Audit, NearDuplicatePair, Place } from "../../audit/findings.ts";
import { someProblems } from "../../dataset/some-problems.ts";
import { nameList } from "../../text/name-list.ts";
import { printableLine } from "../../text/printable.ts";
import { textTable } from "../../text/text-table.ts";

/** Examples of each kind of finding. */
const examples = 3;

/** Remarks on the folder have several kinds, of which none is hidden. */
const examplesOfRemarks = 10;

/** Pairs of classes, and classes, that are printed; `audit.json` has all. */
const mostPairs = 20;
const mostClasses = 40;

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;

/** `1 image`, `2 images`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;

const listed = <Item>(
  items: readonly Item[],
  lineOf: (item: Item) => string,
  shown: readonly Item[] = items.slice(0, examples),
): string[] => [
  ...shown.map((item) => `    ${lineOf(item)}`),
  ...(items.length > shown.length ? [`    and ${(items.length - shown.length).toLocaleString("en-US")} more`] : []),
];

/** Counts as lines, the most frequent. */
const frequent = (counts: readonly (readonly [text: string, count: number])[]): string[] => [
  ...counts.slice(0, mostPairs).map(([text, count]) => `    ${count}  ${text}`),
  ...(counts.length > mostPairs ? [`    and ${(counts.length - mostPairs).toLocaleString("en-US")} more pairs`] : []),
];

const places = (files: readonly Place[]): string => files.map(({ path }) => path).join("  =  ");

/** How a conflict's pair of classes is called, such as `melanoma & seborrheic keratosis`. */
export const classPair = (files: readonly Place[]): string =>
  [...new Set(files.map((file) => file.class))].sort().join(" & ");

/** Counts by a text, the most frequent first. */
export function tally(texts: readonly string[]): readonly (readonly [text: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** Why nothing is known of lesions, patients or diagnoses, so that no finding about them means nothing; undefined where something is. */
export function unknownWhy({ metadata }: Audit, field: "lesion" | "patient" | "diagnosis"): string | undefined {
  if (metadata === undefined) return "no metadata given";
  return metadata.fields.includes(field) ? undefined : `the metadata tell no ${field}`;
}

/** What the trivial models' cross-validation never separates. */
export const keptWhole = (audit: Audit): string =>
  unknownWhy(audit, "lesion") === undefined ? "near duplicates and known lesions whole" : "near duplicates whole";

const inBrackets = (text: string | undefined): string => (text === undefined ? "" : ` (${text})`);

const nearLine = ({ a, b, turn, shows, detail }: NearDuplicatePair): string =>
  `${a.path}  ~  ${b.path} (${turn}, shows ${shows.map((part) => `${Math.round(part * 100)} %`).join(" x ")}; detail ${detail.toFixed(2)})`;

/** What was done before the audit, beside the folder's name; undefined where nothing was. */
export const curatedNote = ({ curation }: Audit): string | undefined =>
  curation &&
  `after curation: ${curation.leftOut} left out, ${curation.relabelled} relabelled` +
    (curation.classesLeftOut.length > 0 ? `, without ${nameList(curation.classesLeftOut)}` : "");

/** The whole text; lines are not wrapped. */
export function formatAudit(audit: Audit): string {
  const { counts, confounds } = audit;
  const drawn = audit.splitDrawn ? " (drawn, as there is no Test folder)" : "";
  const lines: string[] = [
    `${audit.name}${audit.origin === "phantom" ? " (phantom data)" : ""}${inBrackets(curatedNote(audit))}`,
    `${counted(counts.images, "image file")} of ${audit.classes.length} classes, ${counted(counts.contents, "distinct content")}; split${drawn}: ` +
      audit.distribution.splits.map(({ name, total }) => `${name} ${total}`).join(", "),
    "",
  ];
  const section = (title: string, found: readonly string[]): void => {
    lines.push(title, ...found, "");
  };
  const conflicts = audit.exactDuplicates.filter(({ labelConflict }) => labelConflict);
  const sameClass = audit.exactDuplicates.filter(({ labelConflict }) => !labelConflict);

  section("Labels", [
    `  ${counted(conflicts.length, "image")} under two labels (label conflicts, by content)`,
    ...frequent(tally(conflicts.map(({ files }) => classPair(files)))),
    `  ${counted(counts.metadataDisagreements, "label")} that the metadata's diagnosis contradicts${inBrackets(unknownWhy(audit, "diagnosis"))}`,
    ...frequent(tally(audit.disagreements.map((one) => `${one.class}, called ${one.diagnosis}`))),
  ]);
  section("Leaks", [
    `  ${counted(counts.testImagesInTrain, "test image")} whose content stands in Train`,
    `  ${counted(counts.testImagesOfTrainLesions, "further test image")} whose lesion stands in Train (${unknownWhy(audit, "lesion") ?? `${counted(counts.lesionsAcrossSplits, "lesion")} across the split`})`,
    `  ${counted(counts.patientsAcrossSplits, "patient")} across the split${inBrackets(unknownWhy(audit, "patient"))}`,
    `  ${counted(counts.nearDuplicateLeaks, "near duplicate pair")} across the split`,
    `  ${counted(counts.testImagesAlikeInTrain, "further test image")} of which nearly the same picture stands in Train`,
    `  ${counted(counts.cleanTestImages, "clean test image")} left`,
  ]);
  section("Duplicates", [
    `  ${counted(counts.exactDuplicateGroups, "content")} that several files hold, ${sameClass.length} of them within one class`,
    ...listed(sameClass, ({ files }) => places(files)),
    `  ${counted(counts.nearDuplicatePairs, "pair")} of near duplicates: the same photograph turned, cut or saved anew, or the very same skin`,
    ...listed(audit.nearDuplicates, nearLine),
  ]);
  section("Files", [
    `  ${counted(counts.unreadable, "unreadable file")}`,
    ...listed(audit.unreadable, ({ path, message }) => `${path}: ${message}`),
    ...(counts.leftOut > 0
      ? [`  ${counted(counts.leftOut, "remark")} on the folder: what is no image, classes with too few`]
      : []),
    ...listed(
      audit.leftOut,
      ({ path, message }) => `${path}: ${message}`,
      someProblems(audit.leftOut, examplesOfRemarks),
    ),
    ...Object.entries(audit.oddities).flatMap(([kind, found]) =>
      found.length === 0
        ? []
        : [
            `  ${counted(found.length, "file")}: ${oddities[kind as keyof typeof oddities]}`,
            ...listed(found, ({ path, what }) => `${path}: ${what}`),
          ],
    ),
    `  ${counted(counts.outliers, "outlier")} (${audit.outlierRule})`,
    ...listed(
      audit.outliers,
      ({ path, what, value, median, score }) =>
        `${path}: ${what} ${value.toFixed(1)}, median ${median.toFixed(1)} (${score.toFixed(1)} standard deviations)`,
    ),
  ]);
  const { all, splits } = audit.distribution;
  const ratio = (value: number | null): string => (value === null ? "-" : value.toFixed(1));
  const printed = largestClasses(all.counts, mostClasses);
  section("Classes", [
    ...textTable([
      ["class", ...splits.map(({ name }) => name), "all", "after curation"],
      ...printed.map((label) => [
        audit.classes[label]!,
        ...[...splits, all, audit.curated.all].map(({ counts: own }) => String(own[label]!)),
      ]),
      ["imbalance ratio", ...[...splits, all, audit.curated.all].map((own) => ratio(own.imbalanceRatio))],
    ]).split("\n"),
    ...(printed.length < audit.classes.length
      ? [`(the ${printed.length} largest of ${audit.classes.length} classes; audit.json has all)`]
      : []),
  ]);
  if (confounds) {
    const { evidence, ids, samples, classesTried } = confounds;
    section("Sources: what a trivial model tells without looking at a lesion", [
      ...textTable([
        ["evidence", "balanced accuracy", "guessing", "best permuted", "p"],
        ...evidence.map((one) => [
          one.evidence,
          percent(one.balancedAccuracy),
          percent(one.chance),
          percent(one.permuted),
          one.pValue.toFixed(2),
        ]),
        ...(ids ? [["range of the ISIC id", percent(ids.balancedAccuracy), percent(ids.chance), "", ""]] : []),
      ]).split("\n"),
      `(${samples} images of ${classesTried} classes, cross-validated with ${keptWhole(audit)}` +
        `${ids ? `; adjusted mutual information of id range and class ${ids.adjustedMutualInformation.toFixed(2)}` : ""})`,
    ]);
  }
  return lines.map(printableLine).join("\n").trimEnd();
}
