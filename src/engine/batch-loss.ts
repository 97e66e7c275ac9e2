/** What stands between the forward and the backward pass: the cross-entropy, or a loss of one's own, which is checked. */
import { EngineError } from "../errors.ts";
import type { FloatArray } from "../tensor.ts";
import { type LossFunction, type LossOptions, trainingLoss } from "./loss.ts";

/**
 * The loss of a batch; `gradient` receives d loss / d logits.
 *
 * @param logits (rows, classes)
 * @param targets (rows, classes)
 */
export const batchLoss = (
  logits: FloatArray,
  targets: FloatArray,
  classes: number,
  options: LossOptions,
  gradient: FloatArray,
): number =>
  options.loss === undefined
    ? trainingLoss(logits, targets, classes, options, gradient)
    : ownLoss(options.loss, logits, targets, classes, gradient);

/** Copies, so that a function that writes to what it reads changes neither the plan nor the batch. */
function ownLoss(
  loss: LossFunction,
  logits: FloatArray,
  targets: FloatArray,
  classes: number,
  gradient: FloatArray,
): number {
  const written = new Float64Array(gradient.length).fill(Number.NaN);
  const value: unknown = loss(Float64Array.from(logits), Float64Array.from(targets), classes, written);
  if (typeof value !== "number") {
    throw new EngineError(`loss: expected the function to return a number, got ${nameOf(value)}`);
  }
  // A loss that is not finite ends the training, with an error that says so; its gradient does not matter.
  const missing = Number.isFinite(value) ? written.findIndex((slope) => !Number.isFinite(slope)) : -1;
  if (missing >= 0) {
    throw new EngineError(
      `loss: expected d loss / d logits as finite numbers in all of gradient, got ${written[missing]} for class ${missing % classes} of ` +
        `image ${Math.floor(missing / classes)} (counted from 0)`,
    );
  }
  gradient.set(written);
  return value;
}

const nameOf = (value: unknown): string =>
  value instanceof Promise ? "a Promise; it is called at once and can't wait" : value === null ? "null" : typeof value;
