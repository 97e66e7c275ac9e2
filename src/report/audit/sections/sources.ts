/** How well a trivial model tells the classes without looking at a lesion. */
import type { Audit } from "../../../audit/findings.ts";
import { percent, plural } from "../../../text/numbers.ts";
import { chartFigures } from "../../charts/chart-figure.ts";
import { disclosure, paragraph, tableHtml } from "../../html/components.ts";
import { type HtmlValue, html } from "../../html/html.ts";
import { confoundChart } from "../audit-charts.ts";
import { neverSplit, sourceRows } from "../audit-words.ts";
import { shownClasses } from "./classes.ts";

type Confounds = NonNullable<Audit["confounds"]>;

const isicId = (id: number): string => `ISIC_${String(id).padStart(7, "0")}`;

function summaryOf(audit: Audit, { evidence, samples, classesTried }: Confounds): string {
  const best = evidence.reduce((a, b) => (b.balancedAccuracy > a.balancedAccuracy ? b : a));
  const from = best.evidence === "all of these together" ? "all the evidence below" : best.evidence;
  return (
    `A trivial model reaches a balanced accuracy of ${percent(best.balancedAccuracy)} from ${from}; guessing gives ${percent(best.chance)}. ` +
    `The model is a linear discriminant on a few numbers, cross-validated on ${plural(samples, "image")} of ${classesTried} classes without splitting ${neverSplit(audit)}. ` +
    "Colours belong partly to the lesion; borders, files and ids do not. A network that learns those learns cameras and archives, " +
    "so a network shows that it reads lesions only where it clearly exceeds this figure."
  );
}

function idsHtml(ids: NonNullable<Confounds["ids"]>, names: readonly string[], shown: readonly number[]): HtmlValue {
  const rows = ids.ranges.map(({ first, last, counts }) => [
    `${isicId(first)}\nto ${isicId(last)}`,
    ...shown.map((label) => counts[label]!),
  ]);
  return [
    html`<h3>Ranges of the ISIC id</h3>`,
    paragraph(
      `Archives assign ids in ranges. The range alone gives a balanced accuracy of ${percent(ids.balancedAccuracy)}. ` +
        `The adjusted mutual information of range and class is ${ids.adjustedMutualInformation.toFixed(2)} (0: independent; 1: one determines the other).`,
    ),
    tableHtml({ columns: ["Ids", ...names], rows }, "Images by range of the id"),
  ];
}

/** The section's body. */
export async function sourcesHtml(audit: Audit): Promise<HtmlValue> {
  const { confounds } = audit;
  if (confounds === undefined) {
    return paragraph("There are too few images to say whether the source of an image tells its class.");
  }
  const { evidence, ids } = confounds;
  const shown = shownClasses(audit);
  const names = shown.map((label) => audit.classes[label]!);
  const recalls = evidence.map(({ evidence: name, recall }) => [
    name,
    ...shown.map((label) => (recall[label] == null ? null : percent(recall[label]))),
  ]);
  return [
    paragraph(summaryOf(audit, confounds)),
    await chartFigures([
      {
        title: "Balanced accuracy of a trivial model",
        alt: `Balanced accuracy of a trivial model by kind of evidence, beside guessing: ${evidence.map((one) => `${one.evidence} ${percent(one.balancedAccuracy)}`).join(", ")}.`,
        note: "The dashed line is guessing. A tick is the best of 99 permutations of the labels.",
        spec: confoundChart(confounds),
        table: {
          columns: ["Evidence", "Balanced accuracy", "Guessing", "Best permutation", "p"],
          rows: sourceRows(confounds),
        },
      },
    ]),
    disclosure("Recall by class", tableHtml({ columns: ["Evidence", ...names], rows: recalls }, "Recall by class")),
    ids && idsHtml(ids, names, shown),
  ];
}
