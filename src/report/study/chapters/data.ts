/** Chapter 1: what the data are, and what the audit found. */

import type { DataFindings } from "../../../study/steps/data.ts";
import type { StudyReport } from "../../../study/study-report.ts";
import { confoundWarnings } from "../../../study/words/confound-warnings.ts";
import { count, percent, plural } from "../../../study/words/notation.ts";
import { bullets, callout, disclosure, paragraph, tableHtml } from "../../html/components.ts";
import { type Html, type HtmlValue, html } from "../../html/html.ts";

function findingsTable({ counts, metadataFields }: DataFindings): Html {
  const lesions = metadataFields.includes("lesion");
  const diagnoses = metadataFields.includes("diagnosis");
  return tableHtml(
    {
      columns: ["Finding", "Count", "What it means"],
      rows: [
        ["images", counts.images, "files with the suffix of an image format"],
        ["distinct images", counts.contents, "identical files count once"],
        ["images with two labels", counts.labelConflicts, "one of the labels is wrong"],
        ["test images that are also in Train", counts.testImagesInTrain, "a model may have memorised them"],
        [
          "further test images whose lesion is in Train",
          lesions ? counts.testImagesOfTrainLesions : null,
          lesions ? "another photograph of the lesion is a training image" : "unknown: the metadata have no lesions",
        ],
        [
          "near duplicates",
          counts.nearDuplicatePairs,
          "pairs of files that show one photograph turned, cropped or saved again, or the same skin",
        ],
        [
          "labels that the diagnosis contradicts",
          diagnoses ? counts.metadataDisagreements : null,
          diagnoses ? "the diagnosis is from the metadata" : "unknown: the metadata have no diagnoses",
        ],
        ["unreadable files", counts.unreadable, "left out"],
        ["outliers", counts.outliers, "by size, light, colour or sharpness; kept"],
      ],
    },
    "Findings of the audit",
  );
}

const conflictsTable = ({ labelConflicts }: DataFindings): Html | false =>
  labelConflicts.length > 0 &&
  tableHtml(
    {
      columns: ["Classes", "Images"],
      rows: labelConflicts.map((one) => [one.classes.join(" and "), one.contents]),
    },
    "Images with two labels",
  );

const disagreementsTable = ({ disagreements }: DataFindings): Html | false =>
  disagreements !== null &&
  disagreements.length > 0 &&
  tableHtml(
    {
      columns: ["Label", "Diagnosis in the metadata", "Images"],
      rows: disagreements.map(({ label, diagnosis, images }) => [label, diagnosis, images]),
    },
    "Labels that the diagnosis contradicts",
  );

function confoundsHtml(data: DataFindings): HtmlValue {
  if (data.confounds === null) return undefined;
  const { evidence, ids } = data.confounds;
  const rows = evidence.map((one) => [
    one.evidence,
    percent(one.balancedAccuracy),
    percent(one.chance),
    percent(one.permuted),
  ]);
  const range = ids && ["range of the archive id", percent(ids.balancedAccuracy), percent(ids.chance), null];
  return [
    html`<h3>Can a model tell the classes without looking at a lesion?</h3>`,
    paragraph(
      "A linear model receives only measurements that do not describe the lesion. Where it beats both guessing and permuted labels, part of what any network learns may be the camera, the archive or the file format.",
    ),
    tableHtml(
      {
        columns: ["Evidence", "Balanced accuracy", "Guessing", "Best of 99 permutations"],
        rows: range ? [...rows, range] : rows,
      },
      "Source confounds",
    ),
    confoundWarnings(data).map((text) => callout("Source confound.", text)),
  ];
}

/** The chapter's body. */
export const dataChapter = ({ data }: StudyReport): HtmlValue => [
  paragraph(
    `The data folder holds ${count(data.counts.images)} images of ${data.classes.length} classes (${(data.bytes / 1e6).toFixed(1)} MB). The audit examined them before any training.`,
  ),
  findingsTable(data),
  conflictsTable(data),
  disagreementsTable(data),
  confoundsHtml(data),
  data.problemCount > 0 &&
    disclosure(
      `Remarks on ${plural(data.problemCount, "file")}`,
      bullets(data.problems.map(({ path, message }) => `${path}: ${message}`)),
    ),
];
