/**
 * Trains a network on a folder of images, judges it on the test images, and says where the model is.
 *
 *     node examples/train.mjs data/isic9 20
 */
import { train } from "naevus";

const [data = "data/isic9", epochs = "20"] = process.argv.slice(2);

const { model, history, evaluation } = await train(
  data,
  { network: "notebook", imageSize: 64, epochs: Number(epochs), augmentation: "standard", validation: 0.2, seed: 1 },
  { evaluate: true },
);

for (const { epoch, loss, validationLoss } of history)
  console.log(`epoch ${epoch}: loss ${loss}, held out ${validationLoss}`);
console.log(`balanced accuracy on ${evaluation?.samples} test images: ${evaluation?.balancedAccuracy}`);
console.log(`model: ${model}`);
