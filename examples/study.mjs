/**
 * Does the whole study in the minutes that it is given, and leaves a report to read.
 *
 *     node examples/study.mjs data/isic9 study 30
 */
import { study } from "naevus";

const [data = "data/isic9", out = "study", minutes = "30"] = process.argv.slice(2);

const report = await study({
  data,
  out,
  budget: Number(minutes),
  settings: { imageSize: 64 },
  onEvent: (event) => event.kind === "chapter" && console.log(`${event.number}. ${event.title}`),
});
console.log(`${report.final.recipe.name}: balanced accuracy ${report.evaluation.figures.balancedAccuracy.value}`);
console.log(`report: ${out}/report.html`);
