/** Logits of any number of images from a plan of a fixed batch, and how good they are. */
import type { InferencePlan } from "../engine/engine.ts";
import { TrainingError } from "../errors.ts";
import type { ReadImages } from "./batch-loader.ts";
import type { ValidationFigures } from "./train.ts";

/** Logits (count, classes), in the order of the rows; the last batch is filled up with its own last image. */
export async function batchedLogits(
  plan: InferencePlan,
  {
    read,
    count,
    imageBytes,
    classes,
  }: { readonly read: ReadImages; readonly count: number; readonly imageBytes: number; readonly classes: number },
): Promise<Float32Array> {
  const { batch } = plan;
  const input = new Uint8Array(batch * imageBytes);
  const result = new Float32Array(count * classes);
  for (let start = 0; start < count; start += batch) {
    const rows = Uint32Array.from({ length: batch }, (_, row) => Math.min(start + row, count - 1));
    read(rows, input);
    const wanted = Math.min(batch, count - start);
    const logits = await plan.infer(input);
    result.set(logits.subarray(0, wanted * classes), start * classes);
  }
  return result;
}

/** Throws TrainingError where a logit is no finite number: finite weights may still leave the range on the way to it. */
export function refuseNonFinite(logits: Float32Array): void {
  if (logits.every(Number.isFinite)) return;
  throw new TrainingError(
    "the trained network gives logits that are no numbers; train again with a lower learning rate",
  );
}

/** Mean cross-entropy and accuracy of logits (images, classes) at a temperature, default 1. */
export function judgeLogits(
  logits: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  temperature = 1,
): ValidationFigures {
  let loss = 0;
  let correct = 0;
  for (let image = 0; image < labels.length; image++) {
    const row = logits.subarray(image * classes, (image + 1) * classes);
    const largest = Math.max(...row);
    let sum = 0;
    for (const value of row) sum += Math.exp((value - largest) / temperature);
    loss -= (row[labels[image]!]! - largest) / temperature - Math.log(sum);
    if (row.indexOf(largest) === labels[image]) correct++;
  }
  return { loss: loss / labels.length, accuracy: correct / labels.length };
}
