/**
 * Trains a model for each fold of whole groups, and pools their predictions: the figure to steer by.
 *
 *     node examples/cross-validate.mjs data/isic9 3 10
 */
import { crossValidate } from "naevus";

const [data = "data/isic9", folds = "3", epochs = "10"] = process.argv.slice(2);

const { folder, evaluation } = await crossValidate(
  data,
  { network: "notebook", imageSize: 64, epochs: Number(epochs) },
  { folds: Number(folds) },
);

// A signal would have stopped it before there are figures.
if (!evaluation) throw new Error("stopped");
for (const { fold, samples, balancedAccuracy } of evaluation.folds)
  console.log(`fold ${fold}: ${balancedAccuracy} on ${samples} images`);
console.log(`all folds: ${evaluation.balancedAccuracy}; predictions and runs: ${folder}`);
