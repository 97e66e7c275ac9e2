/** The filter that a network was trained with is kept with its model, and used wherever the model judges. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { decodeImage } from "../image/decoding/decode.ts";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { judgeTestImages } from "./evaluate.ts";
import { openModel } from "./models/open-model.ts";
import { openModels } from "./models/open-models.ts";
import { predict } from "./predict.ts";
import { train } from "./train.ts";

test("training, evaluation and prediction see the same pixels, each model those of its own filter", async () => {
  const folder = temporaryFolder();
  const data = join(folder, "data");
  await writePhantomDataset(data, { images: 36, size: 40, seed: 2 });
  const dataset = await readDataset(data);
  const cache = join(folder, "cache");
  const shared = { engine: "reference", imageSize: 16, batch: 8, epochs: 1, cache } as const;
  const [cubic, linear] = [join(folder, "cubic"), join(folder, "linear")];
  await train(dataset, { ...shared, out: cubic });
  await train(dataset, { ...shared, out: linear, resampling: "linear" });

  const { model } = await openModel(linear);
  expect(model.metadata.resampling).toBe("linear");
  const judged = await judgeTestImages(linear, dataset, { cache });
  const files = judged.images.map(({ path }) => join(data, path));
  const { predictions } = await predict(linear, files);
  const classes = model.classes.length;
  let differs = false;
  for (const [i, file] of files.entries()) {
    const own = await model.probabilities(await decodeImage(file, 16, "squash", "linear"), 1);
    const other = await model.probabilities(await decodeImage(file, 16, "squash", "cubic"), 1);
    differs ||= own.some((value, c) => Math.abs(value - other[c]!) > 1e-4);
    const predicted = predictions[i]!;
    if ("error" in predicted) throw new Error(predicted.error);
    for (let c = 0; c < classes; c++) {
      expect(judged.probabilities[i * classes + c]).toBeCloseTo(own[c]!, 6);
      expect(predicted.probabilities[model.classes[c]!]).toBeCloseTo(own[c]!, 6);
    }
  }
  expect(differs).toBe(true);
  await model.dispose();

  const together = await openModels([cubic, linear]);
  expect(together.groups.map(({ resampling }) => resampling)).toEqual(["cubic", "linear"]);
  await together.dispose();
});
