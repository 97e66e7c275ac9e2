/** An audit as text for a terminal: the findings, the worst first, with examples. */

import { largestClasses } from "../../audit/distribution.ts";
import { oddities } from "../../audit/file-findings.ts";
import type { Audit, NearDuplicatePair, Place } from "../../audit/findings.ts";
import { someProblems } from "../../dataset/some-problems.ts";
import { count, plural } from "../../text/numbers.ts";
import { printableLine } from "../../text/printable.ts";
import { textTable } from "../../text/text-table.ts";
import { classPair, curatedNote, neverSplit, sourceRows, tally, unknownWhy } from "./audit-words.ts";

/** Examples of each kind of finding. */
const examples = 3;

/** Remarks on the folder have several kinds, of which none is hidden. */
const examplesOfRemarks = 10;

/** Pairs of classes, and classes, that are printed; `audit.json` has all. */
const mostPairs = 20;
const mostClasses = 40;

const listed = <Item>(
  items: readonly Item[],
  lineOf: (item: Item) => string,
  shown: readonly Item[] = items.slice(0, examples),
): string[] => [
  ...shown.map((item) => `    ${lineOf(item)}`),
  ...(items.length > shown.length ? [`    and ${count(items.length - shown.length)} more`] : []),
];

/** Counts as lines, the most frequent. */
const frequent = (counts: readonly (readonly [text: string, count: number])[]): string[] => [
  ...counts.slice(0, mostPairs).map(([text, images]) => `    ${images}  ${text}`),
  ...(counts.length > mostPairs ? [`    and ${count(counts.length - mostPairs)} more pairs`] : []),
];

const places = (files: readonly Place[]): string => files.map(({ path }) => path).join("  =  ");

const inBrackets = (text: string | undefined): string => (text === undefined ? "" : ` (${text})`);

const nearLine = ({ a, b, turn, shows, detail }: NearDuplicatePair): string =>
  `${a.path}  ~  ${b.path} (${turn}, shows ${shows.map((part) => `${Math.round(part * 100)} %`).join(" x ")}; detail ${detail.toFixed(2)})`;

function header(audit: Audit): string[] {
  const { counts, distribution } = audit;
  const drawn = audit.splitDrawn ? " (drawn, as there is no Test folder)" : "";
  return [
    `${audit.name}${audit.origin === "phantom" ? " (phantom data)" : ""}${inBrackets(curatedNote(audit))}`,
    `${plural(counts.images, "image file")} of ${audit.classes.length} classes, ${plural(counts.contents, "distinct image")}; split${drawn}: ` +
      distribution.splits.map(({ name, total }) => `${name} ${total}`).join(", "),
  ];
}

function labels(audit: Audit): string[] {
  const conflicts = audit.exactDuplicates.filter(({ labelConflict }) => labelConflict);
  const contradicted = audit.counts.metadataDisagreements;
  return [
    "Labels",
    `  ${plural(conflicts.length, "image")} with two labels: identical files in the folders of several classes`,
    ...frequent(tally(conflicts.map(({ files }) => classPair(files)))),
    `  ${plural(contradicted, "label")} that the metadata's diagnosis contradicts${inBrackets(unknownWhy(audit, "diagnosis"))}`,
    ...frequent(tally(audit.disagreements.map((one) => `${one.class}, diagnosed as ${one.diagnosis}`))),
  ];
}

function leaks(audit: Audit): string[] {
  const { counts } = audit;
  const lesions = unknownWhy(audit, "lesion") ?? `${plural(counts.lesionsAcrossSplits, "lesion")} across the split`;
  return [
    "Leaks",
    `  ${plural(counts.testImagesInTrain, "test image")} also in Train, byte for byte`,
    `  ${plural(counts.testImagesOfTrainLesions, "further test image")} with another photograph of the lesion in Train (${lesions})`,
    `  ${plural(counts.patientsAcrossSplits, "patient")} across the split${inBrackets(unknownWhy(audit, "patient"))}`,
    `  ${plural(counts.nearDuplicateLeaks, "near-duplicate pair")} across the split`,
    `  ${plural(counts.testImagesAlikeInTrain, "further test image")} with a near duplicate in Train`,
    `  ${plural(counts.cleanTestImages, "clean test image")} left`,
  ];
}

function duplicates({ counts, exactDuplicates, nearDuplicates }: Audit): string[] {
  const sameClass = exactDuplicates.filter(({ labelConflict }) => !labelConflict);
  return [
    "Duplicates",
    `  ${plural(counts.exactDuplicateGroups, "image")} stored in several identical files, ${sameClass.length} of them within one class`,
    ...listed(sameClass, ({ files }) => places(files)),
    `  ${plural(counts.nearDuplicatePairs, "near-duplicate pair")}: one photograph turned, cropped or saved again, or the same skin`,
    ...listed(nearDuplicates, nearLine),
  ];
}

function files(audit: Audit): string[] {
  const { counts, unreadable, leftOut, outliers } = audit;
  return [
    "Files",
    `  ${plural(counts.unreadable, "unreadable file")}`,
    ...listed(unreadable, ({ path, message }) => `${path}: ${message}`),
    ...(counts.leftOut > 0
      ? [`  ${plural(counts.leftOut, "remark")} on the folder: files that are no images, classes with too few`]
      : []),
    ...listed(leftOut, ({ path, message }) => `${path}: ${message}`, someProblems(leftOut, examplesOfRemarks)),
    ...Object.entries(audit.oddities).flatMap(([kind, found]) =>
      found.length === 0
        ? []
        : [
            `  ${plural(found.length, "file")}: ${oddities[kind as keyof typeof oddities]}`,
            ...listed(found, ({ path, what }) => `${path}: ${what}`),
          ],
    ),
    `  ${plural(counts.outliers, "outlier")} (${audit.outlierRule})`,
    ...listed(
      outliers,
      ({ path, what, value, median, score }) =>
        `${path}: ${what} ${value.toFixed(1)}, median ${median.toFixed(1)} (${score.toFixed(1)} standard deviations)`,
    ),
  ];
}

function classes({ distribution: { all, splits }, curated, classes: names }: Audit): string[] {
  const countings = [...splits, all, curated.all];
  const printed = largestClasses(all.counts, mostClasses);
  return [
    "Classes",
    ...textTable([
      ["class", ...splits.map(({ name }) => name), "all", "after curation"],
      ...printed.map((label) => [names[label]!, ...countings.map(({ counts }) => String(counts[label]!))]),
      ["imbalance ratio", ...countings.map(({ imbalanceRatio }) => imbalanceRatio?.toFixed(1) ?? "-")],
    ]).split("\n"),
    ...(printed.length < names.length
      ? [`(the ${printed.length} largest of ${names.length} classes; audit.json has all)`]
      : []),
  ];
}

function sources(audit: Audit): string[] {
  if (audit.confounds === undefined) return [];
  const { ids, samples, classesTried } = audit.confounds;
  return [
    "Sources: what a trivial model tells without looking at a lesion",
    ...textTable([
      ["evidence", "balanced accuracy", "guessing", "best permutation", "p"],
      ...sourceRows(audit.confounds).map((row) => row.map((cell) => cell ?? "")),
    ]).split("\n"),
    `(${plural(samples, "image")} of ${classesTried} classes, cross-validated without splitting ${neverSplit(audit)}` +
      `${ids ? `; adjusted mutual information of id range and class ${ids.adjustedMutualInformation.toFixed(2)}` : ""})`,
  ];
}

/** The whole text; lines are not wrapped. */
export function formatAudit(audit: Audit): string {
  const sections = [header, labels, leaks, duplicates, files, classes, sources].map((section) => section(audit));
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map(printableLine).join("\n"))
    .join("\n\n");
}
