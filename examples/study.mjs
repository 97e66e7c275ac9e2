/**
 * Does the whole study in the minutes that it is given, and leaves a report to read.
 *
 *     node examples/study.mjs data/isic9 study 30
 */
import { study } from "naevus";

const [data = "data/isic9", out = "study", minutes = "30", imageSize = "64"] = process.argv.slice(2);

const report = await study({
  data,
  out,
  budget: Number(minutes),
  settings: { imageSize: Number(imageSize) },
  onEvent: (event) => event.kind === "chapter" && console.log(`${event.number}. ${event.title}`),
});
const { balancedAccuracy } = report.evaluation.figures;
console.log(`the recipe ${report.recipes.chosen}: balanced accuracy ${balancedAccuracy.value?.toFixed(3)}`);
console.log(`report: ${out}/report.html`);
