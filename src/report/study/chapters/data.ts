/** Chapter 1: what the data are, and what the audit found. */

import type { StudyReport } from "../../../study/study-report.ts";
import { confoundWarnings } from "../../../study/words/confound-warnings.ts";
import { count, percent, plural } from "../../../study/words/notation.ts";
import { bullets, callout, disclosure, paragraph, tableHtml } from "../../html/components.ts";
import { type HtmlValue, html } from "../../html/html.ts";

/** The chapter's body. */
export function dataChapter({ data }: StudyReport): HtmlValue {
  const { counts, classes, confounds } = data;
  const rows: [string, number | null, string][] = [
    ["images", counts.images, "files with the suffix of an image format"],
    ["distinct images", counts.contents, "identical files count once"],
    ["images with two labels", counts.labelConflicts, "one of the labels is wrong"],
    ["test images that are also in Train", counts.testImagesInTrain, "a model may have memorised them"],
    [
      "further test images whose lesion is in Train",
      data.metadataFields.includes("lesion") ? counts.testImagesOfTrainLesions : null,
      data.metadataFields.includes("lesion")
        ? "another photograph of the lesion is a training image"
        : "unknown: the metadata have no lesions",
    ],
    [
      "near duplicates",
      counts.nearDuplicatePairs,
      "pairs of files that show one photograph turned, cropped or saved again, or the same skin",
    ],
    [
      "labels that the diagnosis contradicts",
      data.metadataFields.includes("diagnosis") ? counts.metadataDisagreements : null,
      data.metadataFields.includes("diagnosis")
        ? "the diagnosis is from the metadata"
        : "unknown: the metadata have no diagnoses",
    ],
    ["unreadable files", counts.unreadable, "left out"],
    ["outliers", counts.outliers, "by size, light, colour or sharpness; kept"],
  ];
  return [
    paragraph(
      `The data folder holds ${count(counts.images)} images of ${classes.length} classes (${(data.bytes / 1e6).toFixed(1)} MB). The audit examined them before any training.`,
    ),
    tableHtml(
      { columns: ["Finding", "Count", "What it means"], rows: rows.map(([a, b, c]) => [a, b, c]) },
      "Findings of the audit",
    ),
    data.labelConflicts.length > 0
      ? tableHtml(
          {
            columns: ["Classes", "Images"],
            rows: data.labelConflicts.map((one) => [one.classes.join(" and "), one.contents]),
          },
          "Images with two labels",
        )
      : "",
    data.disagreements && data.disagreements.length > 0
      ? tableHtml(
          {
            columns: ["Label", "Diagnosis in the metadata", "Images"],
            rows: data.disagreements.map(({ label, diagnosis, images }) => [label, diagnosis, images]),
          },
          "Labels that the diagnosis contradicts",
        )
      : "",
    confounds
      ? html`<h3>Can a model tell the classes without looking at a lesion?</h3>${paragraph(
          "A linear model receives only measurements that do not describe the lesion. Where it beats both guessing and permuted labels, part of what any network learns may be the camera, the archive or the file format.",
        )}${tableHtml(
          {
            columns: ["Evidence", "Balanced accuracy", "Guessing", "Best of 99 permutations"],
            rows: [
              ...confounds.evidence.map((one) => [
                one.evidence,
                percent(one.balancedAccuracy),
                percent(one.chance),
                percent(one.permuted),
              ]),
              ...(confounds.ids
                ? [
                    [
                      "range of the archive id",
                      percent(confounds.ids.balancedAccuracy),
                      percent(confounds.ids.chance),
                      null,
                    ],
                  ]
                : []),
            ],
          },
          "Source confounds",
        )}${confoundWarnings(data).map((text) => callout("Source confound.", text))}`
      : "",
    data.problemCount > 0
      ? disclosure(
          `${plural(data.problemCount, "file")} left out or remarkable`,
          bullets(data.problems.map(({ path, message }) => `${path}: ${message}`)),
        )
      : "",
  ];
}
