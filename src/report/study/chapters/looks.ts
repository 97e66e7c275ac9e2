/** Chapter 3: samples, and distributions of what the images look like and who they are of. */

import type { Spread } from "../../../study/steps/spread.ts";
import type { StudyReport } from "../../../study/study-report.ts";
import { plural, sentence } from "../../../study/words/notation.ts";
import { type ChartFigure, chartFigures } from "../../charts/chart-figure.ts";
import { heatChart } from "../../charts/heat-chart.ts";
import { spreadChart } from "../../charts/spread-chart.ts";
import { galleryHtml, paragraph } from "../../html/components.ts";
import { type HtmlValue, html } from "../../html/html.ts";

const galleriesHtml = ({ looks, origin }: StudyReport): HtmlValue =>
  looks.classes
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, samples }) => {
      const what = origin === "phantom" ? "Drawn example" : "Example";
      const pictures = samples.map((source, i) => ({ source, alt: `${what} ${i + 1} of ${name}`, caption: "" }));
      return html`<h4>${name}</h4>${galleryHtml(pictures)}`;
    });

const spreadFigure = (
  title: string,
  unit: string,
  rows: readonly ({ readonly name: string } & Spread)[],
): ChartFigure => ({
  title: `${title}, by class`,
  alt: `${title} by class (${unit}), in the median: ${rows.map(({ name, median }) => `${name} ${median}`).join(", ")}.`,
  note: "The line spans 5 to 95 % of the images, the bar the middle half; the mark is the median.",
  spec: spreadChart({ rows, x: unit }),
  table: {
    columns: ["Class", "5 %", "25 %", "Median", "75 %", "95 %"],
    rows: rows.map(({ name, low, quarter, median, threeQuarters, high }) => [
      name,
      low,
      quarter,
      median,
      threeQuarters,
      high,
    ]),
  },
});

function spreadFigures({ looks, data: { sizes, sides } }: StudyReport): ChartFigure[] {
  const byClass = (key: "brightness" | "redness" | "kilobytes") =>
    looks.colours.map((one) => ({ name: one.class, ...one[key] }));
  const bySide = sides.map(({ class: name, ...side }) => ({ name, ...side }));
  return [
    ...(sizes.length === 1 ? [] : [spreadFigure("Longer side of the images", "pixels", bySide)]),
    spreadFigure("File size of the training images", "kB", byClass("kilobytes")),
    spreadFigure("Brightness of the training images", "mean brightness, 0 to 255", byClass("brightness")),
    spreadFigure("Redness of the training images", "share of red in the colour", byClass("redness")),
  ];
}

/** Images by class and by what the metadata say of the people, such as age. */
function peopleFigure({ field, counts, unknown }: StudyReport["looks"]["people"][number]): ChartFigure {
  // "under 30" comes before "30 to 44".
  const place = (value: string) => (value.startsWith("under") ? "" : value);
  const values = [...new Set(counts.map(({ value }) => value))].sort((a, b) => (place(a) < place(b) ? -1 : 1));
  const names = [...new Set(counts.map((one) => one.class))].sort();
  const of = (name: string, value: string) =>
    counts.find((one) => one.class === name && one.value === value)?.images ?? 0;
  const total = (name: string) => values.reduce((sum, value) => sum + of(name, value), 0);
  return {
    title: `${sentence(field)} by class`,
    alt: `Images by class and ${field}; the table below holds the counts.`,
    note: `Numbers of images; darker cells are a larger part of the class. ${sentence(field)} is unknown for ${plural(unknown, "image")}.`,
    spec: heatChart({
      rows: names.flatMap((y) => values.map((x) => ({ x, y, value: of(y, x), share: of(y, x) / total(y) }))),
      x: values,
    }),
    table: {
      columns: ["Class", ...values],
      rows: names.map((name) => [name, ...values.map((value) => of(name, value))]),
    },
  };
}

/** The chapter's body. */
export async function looksChapter(report: StudyReport): Promise<HtmlValue> {
  const { looks, data } = report;
  const [size, ...others] = data.sizes;
  return [
    galleriesHtml(report),
    size !== undefined &&
      others.length === 0 &&
      paragraph(`All images have ${size.width} x ${size.height} pixels, so no chart shows their sizes.`),
    await chartFigures([...spreadFigures(report), ...looks.people.map(peopleFigure)]),
    looks.people.length === 0 &&
      paragraph("The patients' age and sex and the site on the body are unknown: the metadata do not have them."),
  ];
}
