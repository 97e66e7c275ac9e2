/** `report.html`: the ten chapters of a study as one page that needs nothing else. */
import type { Estimate } from "../../evaluation/cluster-bootstrap.ts";
import type { ClusteredProportion } from "../../evaluation/clustered-rates.ts";
import type { Proportion } from "../../evaluation/proportion.ts";
import { escapeHtml } from "../html.ts";
import { barChart, heatChart, intervalChart, lineChart, spreadChart } from "./chart.ts";
import { percent, withInterval } from "./conclusion.ts";
import { confusionHtml } from "./confusion-html.ts";
import { type Figure, Figures, galleryHtml, listHtml, pageHtml, paragraph, type Section, tableHtml } from "./page.ts";
import type { ComparedRecipe, Comparison, StudyReport } from "./study-report.ts";

const count = (value: number): string => value.toLocaleString("en-US");

const short = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : percent(value);

const range = (interval: readonly [number, number] | null | undefined): string =>
  interval ? `${(interval[0] * 100).toFixed(1)} to ${(interval[1] * 100).toFixed(1)}\u00a0%` : "–";

const estimateRow = (name: string, { value, interval }: Estimate) => [name, short(value), range(interval)];

const minutes = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} seconds` : `${(seconds / 60).toFixed(1)} minutes`;

/** The research-only sentence stands where somebody might take the figures for advice: at their head. */
const researchOnly = "For research and teaching. Not a medical device: it must not be used to judge anybody's skin.";

/** The report as HTML. */
export async function htmlReport(report: StudyReport): Promise<string> {
  const figures = new Figures();
  const { classes, evaluation, budget, data, dataset } = report;
  const phantom = report.origin === "phantom";
  const { figures: main } = evaluation;
  const lead =
    `${phantom ? '<p class="notice"><strong>Phantom data.</strong> The images were drawn by naevus. No figure here says anything about real skin.</p>' : ""}` +
    `<p class="lead">A convolutional network trained from scratch on ${count(dataset.counts.reduce((sum, { train }) => sum + train, 0))} images of ${classes.length} classes, ` +
    `judged once on ${count(evaluation.samples)} that share nothing with them. ${escapeHtml(researchOnly)}</p>` +
    `<ul class="key">${[
      [percent(main.accuracy.value), `accuracy on test, ${range(main.accuracy.interval)}`],
      [percent(main.balancedAccuracy.value), `balanced accuracy, ${range(main.balancedAccuracy.interval)}`],
      [percent(main.macro.f1.value), `macro F1, ${range(main.macro.f1.interval)}`],
      [
        main.macro.auroc.value === null ? "–" : main.macro.auroc.value.toFixed(3),
        "mean area under the ROC curves, one class against the rest",
      ],
    ]
      .map(([value, about]) => `<li><b>${escapeHtml(value!)}</b><span>${escapeHtml(about!)}</span></li>`)
      .join("")}</ul>`;
  const sections: Section[] = [
    { id: "data", title: "Data", html: dataChapter(report) },
    { id: "dataset", title: "Dataset", html: datasetChapter(report) },
    { id: "looks", title: "Visualisation", html: await looksChapter(report, figures) },
    { id: "initial", title: "Initial model", html: await initialChapter(report, figures) },
    { id: "augmentation", title: "Augmentation", html: await augmentationChapter(report, figures) },
    { id: "distribution", title: "Class distribution", html: await distributionChapter(report, figures) },
    { id: "imbalance", title: "Class imbalance", html: await imbalanceChapter(report, figures) },
    { id: "final", title: "Final model", html: await finalChapter(report, figures) },
    { id: "evaluation", title: "Evaluation and results", html: await evaluationChapter(report, figures) },
    { id: "conclusion", title: "Conclusion", html: conclusionChapter(report) },
  ];
  return pageHtml({
    title: "A skin-lesion classifier, studied",
    lead,
    notice: phantom ? "phantom data" : undefined,
    sections,
    footer:
      `<p>Made by naevus ${escapeHtml(report.naevus)} with a budget of ${budget.minutes} minutes; its steps took ${minutes(budget.spentSeconds)}. ` +
      `Data: fingerprint ${escapeHtml(evaluation.dataFingerprint?.slice(0, 16) ?? "")}, protocol ${escapeHtml(evaluation.protocol)}. ` +
      `Every figure stands in <code>report.json</code>, the findings about the data in <code>audit.json</code>. ${data.origin === "phantom" ? "Phantom data." : ""}</p>`,
  });
}

function dataChapter({ data }: StudyReport): string {
  const { counts, classes, confounds } = data;
  const rows: [string, number, string][] = [
    ["images", counts.images, "files that are images by their name"],
    ["distinct contents", counts.contents, "files that are not copies of another"],
    ["contents under two labels", counts.labelConflicts, "one of the labels is wrong"],
    ["test images that stand in Train", counts.testImagesInTrain, "a model can know them by heart"],
    [
      "test images of a lesion that stands in Train",
      counts.testImagesOfTrainLesions,
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
      counts.metadataDisagreements,
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
      ? `<h3>Could the classes be told without looking at a lesion?</h3>${paragraph(
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
        )}`
      : "",
    data.problemCount > 0
      ? `<details><summary>${data.problemCount} files left out or odd</summary>${listHtml(
          data.problems.map(({ path, message }) => `${path}: ${message}`),
        )}</details>`
      : "",
  ].join("");
}

function datasetChapter({ dataset, budget }: StudyReport): string {
  const { groups, groupedBy, testLeftOut } = dataset;
  const left = Object.entries(dataset.classesLeftOut);
  return [
    paragraph(
      `The curation plan leaves out ${count(dataset.leftOut)} images, gives ${count(dataset.relabelled)} another label and keeps ${count(dataset.grouped)} together in groups; ` +
        "every line of it says why (curation.csv). No image file was changed.",
    ),
    left.length > 0 ? listHtml(left.map(([name, why]) => `${name} is left out as a class: ${why}.`)) : "",
    paragraph(
      `Protocol ${dataset.protocol}: of the test images, ${testLeftOut.content} more were left out because their content stands in training and ` +
        `${testLeftOut.group} because another image of their group does. Grouped by ${groupedBy.join(", ")}: ${count(groups.train)} groups to learn from, ${count(groups.test)} to test on. ` +
        `All choices below were made in ${budget.folds}-fold cross-validation inside the training images, groups whole; the test images were judged once, at the end.`,
    ),
    tableHtml(
      {
        columns: ["Class", "Train as found", "Train", "Test as found", "Test"],
        rows: [
          ...dataset.counts.map((one) => [one.name, one.trainBefore, one.train, one.testBefore, one.test]),
          [
            "all",
            ...(["trainBefore", "train", "testBefore", "test"] as const).map((key) =>
              dataset.counts.reduce((sum, one) => sum + one[key], 0),
            ),
          ],
        ],
      },
      "Images before and after",
    ),
  ].join("");
}

async function looksChapter({ looks, origin }: StudyReport, figures: Figures): Promise<string> {
  const galleries = looks.classes
    .filter(({ samples }) => samples.length > 0)
    .map(
      ({ name, samples }) =>
        `<h4>${escapeHtml(name)}</h4>${galleryHtml(
          samples.map((source, i) => ({
            source,
            alt: `${origin === "phantom" ? "Drawn example" : "Example"} ${i + 1} of ${name}`,
            caption: "",
          })),
        )}`,
    );
  const spreads = [
    { key: "brightness", title: "Brightness", x: "mean brightness, 0 to 255" },
    { key: "redness", title: "Redness", x: "part of red in the mean colour" },
    { key: "kilobytes", title: "File size", x: "kB" },
  ] as const;
  const colour: Figure[] = spreads.map(({ key, title, x }) => ({
    title: `${title} of the training images`,
    alt: `${title} by class: ${looks.colours.map((one) => `${one.class} ${one[key].median}`).join(", ")} in the median.`,
    note: "Line: 5 to 95 % of the images; bar: the middle half; mark: the median.",
    spec: spreadChart({ rows: looks.colours.map((one) => ({ name: one.class, ...one[key] })), x }),
    table: {
      columns: ["Class", "5 %", "25 %", "Median", "75 %", "95 %"],
      rows: looks.colours.map((one) => [
        one.class,
        one[key].low,
        one[key].quarter,
        one[key].median,
        one[key].threeQuarters,
        one[key].high,
      ]),
    },
  }));
  const people: Figure[] = looks.people.map(({ field, counts, unknown }) => {
    // "under 30" comes before "30 to 44".
    const place = (value: string) => (value.startsWith("under") ? "" : value);
    const values = [...new Set(counts.map(({ value }) => value))].sort((a, b) => (place(a) < place(b) ? -1 : 1));
    const names = [...new Set(counts.map((one) => one.class))].sort();
    const of = (name: string, value: string) =>
      counts.find((one) => one.class === name && one.value === value)?.images ?? 0;
    const total = (name: string) => values.reduce((sum, value) => sum + of(name, value), 0);
    return {
      title: `${field.charAt(0).toUpperCase()}${field.slice(1)} by class`,
      alt: `Images by class and ${field}; the table below holds the counts.`,
      note: `Images; darker: a larger part of the class. Not known of ${unknown}.`,
      spec: heatChart({
        rows: names.flatMap((y) => values.map((x) => ({ x, y, value: of(y, x), share: of(y, x) / total(y) }))),
        x: values,
      }),
      table: {
        columns: ["Class", ...values],
        rows: names.map((name) => [name, ...values.map((value) => of(name, value))]),
      },
    };
  });
  return (
    `<div class="rows">${galleries.join("")}</div>${await figures.html([...colour, ...people])}` +
    (looks.people.length === 0
      ? paragraph("Nothing is known of the people's age and sex or of the site on the body: no metadata were given.")
      : "")
  );
}

function curveFigures(recipes: readonly ComparedRecipe[], about: string): Figure[] {
  const several = recipes.length > 1;
  const table = {
    columns: [
      several ? "Recipe" : "Epoch",
      ...(several ? ["Epoch"] : []),
      "Training loss",
      "Loss held out",
      "Training accuracy",
      "Accuracy held out",
    ],
    rows: recipes.flatMap(({ name, curve }) =>
      curve.points.map((point) => [
        ...(several ? [name, point.epoch] : [String(point.epoch)]),
        point.trainingLoss.toFixed(3),
        point.validationLoss.toFixed(3),
        percent(point.trainingAccuracy),
        percent(point.validationAccuracy),
      ]),
    ),
  };
  const pointsOf = (what: "Loss" | "Accuracy") =>
    recipes.flatMap(({ name, curve }) =>
      curve.points.flatMap((point) => {
        const [training, held] =
          what === "Loss"
            ? [point.trainingLoss, point.validationLoss]
            : [point.trainingAccuracy, point.validationAccuracy];
        return several
          ? [{ x: point.epoch, y: held, series: name }]
          : [
              { x: point.epoch, y: training, series: "learned from" },
              { x: point.epoch, y: held, series: "held out" },
            ];
      }),
    );
  return (["Loss", "Accuracy"] as const).map((what) => ({
    title: `${what}${several ? " on images held out" : ""}, ${about}`,
    alt: `${what} by epoch, mean over the folds. ${recipes.map(({ name, curve }) => `${several ? `${name}: ` : ""}${curve.why}`).join(". ")}.`,
    spec: lineChart({
      x: "epoch",
      y: what.toLowerCase(),
      points: pointsOf(what),
      dots: true,
      ...(what === "Accuracy" && { percent: "y" }),
    }),
    table,
  }));
}

async function initialChapter({ initial, budget }: StudyReport, figures: Figures): Promise<string> {
  return [
    paragraph(
      `The course notebook's network (three convolutions, two dense layers) on the raw images, for ${budget.comparisonEpochs} epochs on each of ${budget.folds} folds. ` +
        `Balanced accuracy on images held out: ${withInterval(initial.balancedAccuracy)}; accuracy ${withInterval(initial.accuracy)}.`,
    ),
    `<p><strong>Verdict: ${escapeHtml(initial.curve.verdict)}.</strong> ${escapeHtml(sentence(initial.curve.why))}.</p>`,
    await figures.html(curveFigures([initial], "mean over folds")),
    paragraph(
      "The rule: overfitting where the loss held out has risen 5 % above its least, or training accuracy is 10 points above accuracy held out; underfitting where training accuracy is within 10 points of " +
        "always naming the most frequent class; still improving where the loss held out fell by 2 % in the last quarter; otherwise balanced.",
    ),
  ].join("");
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function comparisonTable({ recipes, chosen }: Comparison, caption: string): string {
  return tableHtml(
    {
      columns: [
        "",
        "Balanced accuracy",
        "95 % interval",
        "Difference from the first",
        "95 % interval",
        "Accuracy",
        "Macro F1",
        "Log loss",
        "Curve",
      ],
      rows: recipes.map((one) => [
        one.name === chosen ? `${one.name} (chosen)` : one.name,
        short(one.balancedAccuracy.value),
        range(one.balancedAccuracy.interval),
        one.against?.difference.value == null ? "–" : pointsOf(one.against.difference.value),
        one.against?.difference.interval ? `${one.against.difference.interval.map(pointsOf).join(" to ")}` : "–",
        short(one.accuracy.value),
        short(one.macroF1.value),
        one.loss.toFixed(3),
        one.curve.verdict,
      ]),
    },
    caption,
  );
}

const pointsOf = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value * 100).toFixed(1)}`;

const comparisonFigure = ({ recipes, chosen }: Comparison, title: string, chance: number): Figure => ({
  title,
  alt: `Balanced accuracy with 95 % intervals: ${recipes.map(({ name, balancedAccuracy }) => `${name} ${withInterval(balancedAccuracy)}`).join("; ")}.`,
  note: "Lines: 95 % intervals by resampling whole groups. Dashed: guessing. The other colour: chosen.",
  spec: intervalChart({
    title: "balanced accuracy",
    rows: recipes.map(({ name, balancedAccuracy: { value, interval } }) => ({
      name,
      value,
      interval,
      chosen: name === chosen,
    })),
    reference: chance,
  }),
  table: {
    columns: ["Recipe", "Balanced accuracy", "95 % interval"],
    rows: recipes.map(({ name, balancedAccuracy }) => estimateRow(name, balancedAccuracy)),
  },
});

const compared = (comparison: Comparison): string => {
  const best = comparison.recipes.find(({ name }) => name === comparison.chosen)!;
  if (best.against === null) return `Nothing did better than ${best.name}, so that stays.`;
  return (
    `Chosen by the highest balanced accuracy: ${best.name}. ` +
    (best.against.distinguishable
      ? "Its difference from the first row is more than chance explains (the interval leaves out 0)."
      : "Its difference from the first row may be chance (the interval holds 0): another seed or other folds may choose otherwise.")
  );
};

async function augmentationChapter(report: StudyReport, figures: Figures): Promise<string> {
  const { gallery, augmentation, classes } = report;
  const rows = gallery.map(
    ({ title, pictures }) =>
      `<h4>${escapeHtml(title)}</h4>${galleryHtml(
        pictures.map(({ label, picture }) => ({ source: picture, alt: `${title}: ${label}`, caption: label })),
      )}`,
  );
  return [
    paragraph(
      "The same network with training images varied anew in every epoch. What that does to one image, and to the curves against the raw images:",
    ),
    `<div class="rows">${rows.slice(0, 1).join("")}<details><summary>Each augmentation on this image</summary>${rows.slice(1).join("")}</details></div>`,
    await figures.html([
      ...curveFigures(augmentation.recipes, "by augmentation"),
      comparisonFigure(augmentation, "Augmentation compared", 1 / classes.length),
    ]),
    comparisonTable(augmentation, "Augmentation, on the same folds"),
    paragraph(compared(augmentation)),
  ].join("");
}

async function distributionChapter({ dataset }: StudyReport, figures: Figures): Promise<string> {
  const { counts } = dataset;
  const rows = counts.flatMap(({ name, trainBefore, train }) => [
    { name, series: "as found", value: trainBefore },
    { name, series: "after curation", value: train },
  ]);
  return [
    paragraph(
      `In training the most frequent class has ${dataset.imbalanceBefore.toFixed(1)} times the images of the rarest as found, ${dataset.imbalanceAfter.toFixed(1)} times after curation.`,
    ),
    await figures.html([
      {
        title: "Training images by class",
        alt: `Training images by class, before and after curation: ${counts.map(({ name, trainBefore, train }) => `${name} ${trainBefore} and ${train}`).join(", ")}.`,
        spec: barChart({ rows, series: ["as found", "after curation"], x: "images" }),
        table: {
          columns: ["Class", "As found", "After curation"],
          rows: counts.map(({ name, trainBefore, train }) => [name, trainBefore, train]),
        },
      },
    ]),
  ].join("");
}

async function imbalanceChapter(report: StudyReport, figures: Figures): Promise<string> {
  const { imbalance, classes } = report;
  return [
    paragraph(
      "Seven ways to treat rare classes, on the same folds, with the same number of images in every epoch: nothing; class weights; weights by effective numbers (Cui et al. 2019); oversampling; undersampling; " +
        "focal loss (Lin et al. 2017); logit adjustment (Menon et al. 2021).",
    ),
    await figures.html([comparisonFigure(imbalance, "Strategies compared", 1 / classes.length)]),
    comparisonTable(imbalance, "Strategies against imbalance, on the same folds"),
    tableHtml(
      {
        columns: ["Class", ...imbalance.recipes.map(({ name }) => name)],
        rows: classes.map((name, label) => [name, ...imbalance.recipes.map(({ recalls }) => short(recalls[label]))]),
      },
      "Part of each class that is recognised (recall, images held out)",
    ),
    paragraph(compared(imbalance)),
  ].join("");
}

async function finalChapter(report: StudyReport, figures: Figures): Promise<string> {
  const { recipes, final, classes, budget } = report;
  return [
    paragraph(
      `The recipe so far against a residual network (ResNet-18 at half width), plain and regularised, on the same folds. ` +
        `The budget of ${budget.minutes} minutes allowed ${budget.comparisonEpochs} epochs for the first and ${budget.recipeEpochs} for the others${budget.overrun ? "; even the least that makes sense takes longer than that budget" : ""}.`,
    ),
    await figures.html([
      comparisonFigure(recipes, "Recipes compared", 1 / classes.length),
      ...curveFigures(recipes.recipes, "by recipe"),
    ]),
    comparisonTable(recipes, "Recipes, on the same folds"),
    paragraph(compared(recipes)),
    tableHtml(
      {
        columns: ["Setting", "Value"],
        rows: [
          ...Object.entries(final.recipe).map(([name, value]) => [name, String(value)]),
          ["parameters", count(final.parameters)],
          ["computed by", `${final.engine}, ${final.precision}`],
          ["speed", final.imagesPerSecond === null ? null : `${Math.round(final.imagesPerSecond)} images/s`],
        ],
      },
      "The final model, trained on all training images",
    ),
  ].join("");
}

async function evaluationChapter(report: StudyReport, figures: Figures): Promise<string> {
  const { evaluation, classes } = report;
  const {
    figures: main,
    calibration,
    calibrated,
    questions,
    abstention,
    subgroups,
    comparisons,
    notStated,
  } = evaluation;
  const figure = (name: string, estimate: Estimate) => [
    name,
    estimate.value === null ? "–" : estimate.value.toFixed(3),
    estimate.interval ? estimate.interval.map((value) => value.toFixed(3)).join(" to ") : "–",
  ];
  const rate = ({ value, interval, count: some, of }: Proportion) =>
    value === null ? "–" : `${percent(value)} (${some}/${of}; ${range(interval)})`;
  const clustered = (one: ClusteredProportion) => rate(one);
  const support = (label: number): number => evaluation.perClass[label]!.support;

  const overview = [
    paragraph(
      `${count(evaluation.samples)} test images in ${evaluation.resampling.groups} groups, judged once. Intervals are 95 %, by ${evaluation.resampling.replicates} resamples of whole groups unless they are called Wilson's.`,
    ),
    tableHtml(
      {
        columns: ["Figure", "Value", "95 % interval"],
        rows: [
          estimateRow("accuracy", main.accuracy),
          ["accuracy, Wilson's interval", percent(evaluation.accuracy), range(evaluation.accuracyInterval)],
          estimateRow("balanced accuracy", main.balancedAccuracy),
          estimateRow("macro F1", main.macro.f1),
          estimateRow("weighted F1", main.weighted.f1),
          figure("Matthews correlation", main.mcc),
          figure("Cohen's kappa", main.kappa),
          figure("mean area under ROC", main.macro.auroc),
          figure("mean average precision", main.macro.averagePrecision),
          figure("Brier score", main.brier),
          figure("log loss", main.negativeLogLikelihood),
        ],
      },
      "Figures on the test images",
    ),
    tableHtml(
      {
        columns: [
          "Class",
          "Images",
          "Precision",
          "Recall",
          "F1",
          "F1, 95 % interval",
          "Area under ROC",
          "Average precision",
        ],
        rows: [
          ...evaluation.perClass.map((scores, label) => [
            scores.class,
            scores.support,
            percent(scores.precision),
            percent(scores.recall),
            percent(scores.f1),
            range(main.perClass[label]!.f1.interval),
            main.perClass[label]!.auroc.value?.toFixed(3) ?? null,
            main.perClass[label]!.averagePrecision.value?.toFixed(3) ?? null,
          ]),
          ...(["macro", "weighted"] as const).map((kind) => [
            kind === "macro" ? "mean over classes" : "weighted by images",
            evaluation.samples,
            percent(evaluation[kind].precision),
            percent(evaluation[kind].recall),
            percent(evaluation[kind].f1),
            range(main[kind].f1.interval),
            main[kind].auroc.value?.toFixed(3) ?? null,
            main[kind].averagePrecision.value?.toFixed(3) ?? null,
          ]),
        ],
      },
      "By class",
    ),
    `<h3>Confusion matrix</h3>${paragraph("Rows: what is true. Columns: what the model says. A cell shows its count and its part of the row; choosing one shows its images.")}${confusionHtml(report)}`,
    tableHtml(
      {
        columns: ["Class", "Sensitivity (Wilson)", "Specificity (Wilson)", "PPV (Wilson)", "NPV (Wilson)"],
        rows: evaluation.rates.map((one) => [
          one.class,
          clustered(one.sensitivity),
          clustered(one.specificity),
          clustered(one.ppv),
          clustered(one.npv),
        ]),
      },
      "Each class against the rest",
    ),
  ].join("");

  const drawnClasses = evaluation.curves.filter((_, label) => support(label) > 0);
  const curves: Figure[] = [
    {
      title: "ROC, each class against the rest",
      alt: `ROC curves; areas: ${classes.map((name, label) => `${name} ${main.perClass[label]!.auroc.value?.toFixed(2) ?? "none"}`).join(", ")}.`,
      spec: lineChart({
        x: "false positive rate",
        y: "sensitivity",
        percent: "both",
        diagonal: true,
        points: drawnClasses.flatMap((one) =>
          one.roc.map(({ falsePositiveRate: x, sensitivity: y }) => ({ x, y, series: one.class })),
        ),
      }),
      table: {
        columns: ["Class", "Area", "95 % interval"],
        rows: classes.map((name, label) => figure(name, main.perClass[label]!.auroc)),
      },
    },
    {
      title: "Precision and recall, each class against the rest",
      alt: `Precision-recall curves; average precision: ${classes.map((name, label) => `${name} ${main.perClass[label]!.averagePrecision.value?.toFixed(2) ?? "none"}`).join(", ")}.`,
      spec: lineChart({
        x: "recall",
        y: "precision",
        percent: "both",
        from0: true,
        points: drawnClasses.flatMap((one) =>
          one.precisionRecall.map(({ recall: x, precision: y }) => ({ x, y, series: one.class })),
        ),
      }),
      table: {
        columns: ["Class", "Average precision", "95 % interval"],
        rows: classes.map((name, label) => figure(name, main.perClass[label]!.averagePrecision)),
      },
    },
  ];

  const reliability = [
    { name: "as trained", bins: calibration.equalMass },
    ...(calibrated ? [{ name: "scaled", bins: calibrated.calibration.equalMass }] : []),
  ];
  const calibrationFigure: Figure = {
    title: "Reliability of the stated probability",
    alt: `How often the model is right against how sure it is. Calibration error ${percent(calibration.ece)}${calibrated ? `, after temperature scaling ${percent(calibrated.calibration.ece)}` : ""}.`,
    note: "On the dashed line probabilities mean what they say; below it the model is too sure. Bins of equal numbers of images.",
    spec: lineChart({
      x: "stated probability of the predicted class",
      y: "part that is right",
      percent: "both",
      diagonal: true,
      dots: true,
      points: reliability.flatMap(({ name, bins }) =>
        bins.map(({ stated, happened }) => ({ x: stated, y: happened.value ?? 0, series: name })),
      ),
    }),
    table: {
      columns: ["", "Images", "Stated", "Right", "Wilson's 95 % interval"],
      rows: reliability.flatMap(({ name, bins }) =>
        bins.map(({ stated, happened }) => [
          name,
          happened.of,
          percent(stated),
          short(happened.value),
          range(happened.interval),
        ]),
      ),
    },
  };
  const calibrationTable = tableHtml(
    {
      columns: ["", "Calibration error", "equal mass", "by class", "Brier", "Log loss", "Mean confidence"],
      rows: [
        { name: "as trained", one: calibration },
        ...(calibrated
          ? [{ name: `temperature ${calibrated.fit.temperature.toFixed(2)}`, one: calibrated.calibration }]
          : []),
      ].map(({ name, one }) => [
        name,
        percent(one.ece),
        percent(one.eceEqualMass),
        percent(one.classwiseEce),
        one.brier.toFixed(3),
        one.negativeLogLikelihood.toFixed(3),
        percent(one.meanConfidence),
      ]),
    },
    "Calibration, before and after temperature scaling",
  );

  const questionParts = await Promise.all(
    questions.map(async (question) => {
      const benefit: Figure = {
        title: `Decision curve: ${question.name}`,
        alt: "Net benefit of acting on the model, on everybody and on nobody, by the probability from which one would act.",
        note: "Net benefit: true positives per image, less false positives weighed by the odds of the threshold (Vickers and Elkin 2006).",
        spec: lineChart({
          x: "probability from which one would act",
          y: "net benefit per image",
          percent: "x",
          points: question.decisionCurve.flatMap(({ threshold: x, model, all }) => [
            { x, y: model.value ?? 0, series: "act on the model" },
            { x, y: Math.max(all.value ?? 0, -0.1), series: "act on all" },
            { x, y: 0, series: "act on none" },
          ]),
        }),
        table: {
          columns: ["Threshold", "Model", "95 % interval", "All"],
          rows: question.decisionCurve
            .filter((_, i) => i % 5 === 4)
            .map(({ threshold, model, all }) => [
              percent(threshold),
              model.value?.toFixed(3) ?? null,
              model.interval ? model.interval.map((value) => value.toFixed(3)).join(" to ") : null,
              all.value?.toFixed(3) ?? null,
            ]),
        },
      };
      const roc: Figure = {
        title: `ROC: ${question.name}`,
        alt: `ROC curve of ${question.name}, area ${question.auroc.value?.toFixed(3) ?? "not defined"}.`,
        spec: lineChart({
          x: "false positive rate",
          y: "sensitivity",
          percent: "both",
          diagonal: true,
          points: question.roc.map(({ falsePositiveRate: x, sensitivity: y }) => ({ x, y, series: question.name })),
        }),
        table: {
          columns: ["Figure", "Value", "95 % interval"],
          rows: [figure("area under ROC", question.auroc), figure("average precision", question.averagePrecision)],
        },
      };
      return (
        `<h3>${escapeHtml(sentence(question.name))}</h3>${paragraph(
          `${question.positives} test images are of ${question.positive.join(", ")}. Thresholds were chosen on out-of-fold predictions of training images, and held fixed.`,
        )}` +
        tableHtml(
          {
            columns: ["Chosen for", "Threshold", "Sensitivity (Wilson)", "Specificity (Wilson)", "PPV", "NPV"],
            rows: question.operatingPoints.map(({ target, threshold, test }) => [
              `${percent(target)} sensitivity`,
              threshold.toFixed(3),
              rate(test.sensitivity),
              rate(test.specificity),
              rate(test.ppv),
              rate(test.npv),
            ]),
          },
          `Operating points on the test images: ${question.name}`,
        ) +
        (await figures.html([roc, benefit]))
      );
    }),
  );

  const risk: Figure = {
    title: "What not answering would gain",
    alt: `Errors among the answers by the part of images answered; all answered: ${percent(1 - evaluation.accuracy)} wrong.`,
    note: "The surest images are answered first.",
    spec: lineChart({
      x: "part of the images answered",
      y: "part of the answers that is wrong",
      percent: "both",
      from0: true,
      points: abstention.curve.map(({ coverage: x, risk: y }) => ({ x, y, series: "risk" })),
    }),
    table: {
      columns: ["Answered", "Confidence of at least", "Answers", "Right"],
      rows: abstention.atCoverage.map(({ target, threshold, coverage, accuracy }) => [
        percent(target),
        threshold.toFixed(3),
        coverage.count,
        rate(accuracy),
      ]),
    },
  };

  const parts = subgroups.map(({ grouping, minimum, subgroups: some }) =>
    tableHtml(
      {
        columns: [
          sentence(grouping),
          "Images",
          "Groups",
          "Accuracy (Wilson)",
          "Balanced accuracy",
          "95 % interval",
          "Classes",
        ],
        rows: some.map(({ name, images, groups, figures: own }) => [
          name ?? "not known",
          images,
          groups,
          own ? rate(own.accuracy) : `fewer than ${minimum} images`,
          own ? short(own.balancedAccuracy.value) : null,
          own ? range(own.balancedAccuracy.interval) : null,
          own ? own.classes.length : null,
        ]),
      },
      `By ${grouping}`,
    ),
  );

  const byIndex = (image: number) => report.testImages[image]!;
  const errors = evaluation.confidentErrors.filter(({ image }) => byIndex(image).picture !== undefined);
  return [
    overview,
    await figures.html(curves),
    `<h3>Do the probabilities mean what they say?</h3>`,
    calibrationTable,
    await figures.html([calibrationFigure, risk]),
    ...questionParts,
    `<h3>Subgroups</h3>`,
    ...parts,
    parts.length === 0 ? paragraph("Age, sex and site are not known, as no metadata were given.") : "",
    paragraph(
      "Skin tone: not assessable. The data do not say it, and guessing it from photographs of lesions in unknown light would be no measurement. That the model works alike on all skin is therefore not shown.",
    ),
    comparisons.length > 0
      ? `<h3>Against the notebook's network</h3>${tableHtml(
          {
            columns: [
              "Against",
              "Final model right",
              "Other right",
              "Only final",
              "Only other",
              "McNemar's exact p",
              "Difference of accuracy",
              "Difference of balanced accuracy",
            ],
            rows: comparisons.map((one) => [
              one.rival,
              rate(one.first),
              rate(one.second),
              one.onlyFirst,
              one.onlySecond,
              one.mcnemar.toFixed(4),
              withInterval(one.accuracyDifference),
              withInterval(one.balancedAccuracyDifference),
            ]),
          },
          "The same test images, judged by both",
        )}`
      : "",
    `<h3>The errors it was surest of</h3>`,
    errors.length > 0
      ? galleryHtml(
          errors.map(({ image, truth, predicted, confidence }) => ({
            source: byIndex(image).picture!,
            alt: `${truth}, taken for ${predicted}`,
            caption: `${truth}, taken for ${predicted} (${percent(confidence)})`,
          })),
        )
      : paragraph("None."),
    `<h3>Labels to look at again</h3>`,
    paragraph(
      `Confident learning (Northcutt et al. 2021) on out-of-fold predictions finds ${count(evaluation.labelErrors?.candidates.length ?? 0)} training images that may be labelled wrongly; those that fit their label least:`,
    ),
    galleryHtml(
      report.doubtfulLabels.map(({ picture, label, suggested, suggestedProbability, path }) => ({
        source: picture,
        alt: `${path}, labelled ${label}`,
        caption: `${label}; the models say ${suggested} (${percent(suggestedProbability)})`,
      })),
    ),
    notStated.length > 0
      ? `<details><summary>What is not stated, and why</summary>${listHtml(notStated.map(({ what, why }) => `${sentence(what)}: ${why}.`))}</details>`
      : "",
  ].join("");
}

function conclusionChapter({ conclusion, modelCard }: StudyReport): string {
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? "" : `<h3>${title}</h3>${listHtml(lines)}`;
  const card = modelCard.sections.map(({ heading, lines }) => `<h4>${escapeHtml(heading)}</h4>${listHtml(lines)}`);
  return [
    part("What was found", conclusion.found),
    part("What remains hard", conclusion.hard),
    part("What to do next", conclusion.next),
    part("Limits", conclusion.limits),
    `<h3>Model card</h3><div class="rows">${card.join("")}</div>`,
  ].join("");
}
