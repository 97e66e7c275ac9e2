/** Chapter 1: what the data are, and what the audit found. */

import type { StudyReport } from "../../../study/study-report.ts";
import { confoundWarnings } from "../../../study/words/confound-warnings.ts";
import { count, percent } from "../../../study/words/notation.ts";
import { type HtmlValue, html } from "../../html.ts";
import { listHtml, noticeHtml, paragraph, tableHtml } from "../page.ts";

export function dataChapter({ data }: StudyReport): HtmlValue {
  const { counts, classes, confounds } = data;
  const rows: [string, number | null, string][] = [
    ["images", counts.images, "files that are images by their name"],
    ["distinct contents", counts.contents, "files that are not copies of another"],
    ["contents under two labels", counts.labelConflicts, "one of the labels is wrong"],
    ["test images that stand in Train", counts.testImagesInTrain, "a model can know them by heart"],
    [
      "test images of a lesion that stands in Train",
      data.metadataFields.includes("lesion") ? counts.testImagesOfTrainLesions : null,
      data.metadataFields.includes("lesion")
        ? "another photograph of it is learned from"
        : "not known: no metadata tell lesions",
    ],
    [
      "near duplicates",
      counts.nearDuplicatePairs,
      "pairs of files that show one photograph, turned, cut or saved anew",
    ],
    [
      "labels that the diagnosis contradicts",
      data.metadataFields.includes("diagnosis") ? counts.metadataDisagreements : null,
      data.metadataFields.includes("diagnosis") ? "by the metadata" : "not known: no metadata tell diagnoses",
    ],
    ["unreadable files", counts.unreadable, "left out"],
    ["unusual images", counts.outliers, "in size, light, colour or sharpness; kept"],
  ];
  return [
    paragraph(
      `${count(counts.images)} images of ${classes.length} classes, ${(data.bytes / 1e6).toFixed(1)} MB. What the audit found before anything was learned:`,
    ),
    tableHtml(
      { columns: ["Finding", "Count", "What it means"], rows: rows.map(([a, b, c]) => [a, b, c]) },
      "Findings of the audit",
    ),
    data.labelConflicts.length > 0
      ? tableHtml(
          {
            columns: ["Classes", "Contents"],
            rows: data.labelConflicts.map((one) => [one.classes.join(" and "), one.contents]),
          },
          "One content under several labels",
        )
      : "",
    data.disagreements && data.disagreements.length > 0
      ? tableHtml(
          {
            columns: ["Label", "Diagnosis in the metadata", "Images"],
            rows: data.disagreements.map(({ label, diagnosis, images }) => [label, diagnosis, images]),
          },
          "Labels that the metadata contradict",
        )
      : "",
    confounds
      ? html`<h3>Could the classes be told without looking at a lesion?</h3>${paragraph(
          "A linear model is given only what says nothing of a lesion. Where it does better than chance, and better than with labels dealt anew, part of what any network learns may be the camera, the archive or the way files were saved.",
        )}${tableHtml(
          {
            columns: ["Evidence", "Balanced accuracy", "Guessing", "Best of 99 with labels dealt anew"],
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
                      "range of the archive's id",
                      percent(confounds.ids.balancedAccuracy),
                      percent(confounds.ids.chance),
                      null,
                    ],
                  ]
                : []),
            ],
          },
          "Source confounds",
        )}${confoundWarnings(data).map((text) => noticeHtml("Source confound.", text))}`
      : "",
    data.problemCount > 0
      ? html`<details><summary>${data.problemCount} files left out or odd</summary>${listHtml(
          data.problems.map(({ path, message }) => `${path}: ${message}`),
        )}</details>`
      : "",
  ];
}
