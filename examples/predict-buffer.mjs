/**
 * Keeps a model open and predicts an image that is in memory, as a server does with what it receives.
 *
 *     node examples/predict-buffer.mjs runs/first lesion.jpg
 */
import { readFile } from "node:fs/promises";
import { loadModel } from "naevus";

const [run = "runs/first", file = "lesion.jpg"] = process.argv.slice(2);

const model = await loadModel(run);
const { classes } = await model.predict(await readFile(file), { top: 3 });
for (const { class: name, probability } of classes) console.log(`${name}: ${(100 * probability).toFixed(1)} %`);
await model.close();
