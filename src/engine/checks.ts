/** What every engine refuses, in the same words: wrong lengths, shapes and options. */

import { EngineError } from "../errors.ts";
import type { Graph } from "../network/graph.ts";
import type { ParameterSpec } from "../network/parameters.ts";
import { formatShape } from "../network/shape.ts";
import type { Tensor, Tensors } from "../tensor.ts";
import { elements } from "../tensor.ts";
import type { InferencePlanOptions, InputBatch, OptimizerState, PlanOptions, TrainingPlanOptions } from "./engine.ts";
import { type Optimizer, optimizerSlots } from "./optimizer.ts";

/** Throws where `input` is not of the graph's type or not `batch` images long. */
export function checkInput(graph: Graph, batch: number, input: InputBatch): void {
  const wanted = graph.inputType === "uint8" ? Uint8Array : Float32Array;
  if (!(input instanceof wanted)) {
    throw new EngineError(
      `input: expected ${graph.inputType} values (${wanted.name}), got a ${(input as object).constructor.name}`,
    );
  }
  checkLength(
    "input",
    `${batch} images of ${formatShape(graph.inputShape)}`,
    batch * elements(graph.inputShape),
    input,
  );
}

/** Throws where `targets` is not (batch, classes). */
export function checkTargets(graph: Graph, batch: number, targets: ArrayLike<number>): void {
  checkLength("targets", `${batch} images of ${graph.classes} classes`, batch * graph.classes, targets);
}

/** Throws where `logitWeights` is not (batch, classes). */
export function checkLogitWeights(graph: Graph, batch: number, logitWeights: ArrayLike<number>): void {
  checkLength("logitWeights", `${batch} images of ${graph.classes} classes`, batch * graph.classes, logitWeights);
}

function checkLength(what: string, meaning: string, expected: number, values: ArrayLike<number>): void {
  if (values.length !== expected) {
    throw new EngineError(`${what}: expected ${expected} values (${meaning}), got ${values.length}`);
  }
}

/** Throws where a plan cannot be made for these options. */
export function checkPlanOptions({ batch }: PlanOptions): void {
  if (!Number.isInteger(batch) || batch < 1) {
    throw new EngineError(`batch: expected a whole number of at least 1, got ${batch}`);
  }
}

/** Throws where an inference plan cannot be made for these options. */
export function checkInferenceOptions(graph: Graph, options: InferencePlanOptions): void {
  checkPlanOptions(options);
  checkInputGradient(graph, options);
}

/** The error of a plan that was made without the option `inputGradient`. */
export const withoutInputGradient = (): EngineError =>
  new EngineError("inputGradient: not computed; make the plan with the option inputGradient: true");

function checkInputGradient(graph: Graph, { inputGradient }: InferencePlanOptions): void {
  if (inputGradient && graph.inputType === "uint8") {
    throw new EngineError("inputGradient: a network that starts with normalize reads bytes, which have no gradient");
  }
}

/** The error of a plan that has no average of its parameters. */
export const withoutAverage = (): EngineError =>
  new EngineError("average: there is none yet; give one to setAverage first, such as the parameters");

/** The error of a plan that was made without the option `sharpnessAware`. */
export const withoutPerturb = (): EngineError =>
  new EngineError("perturb: not prepared; make the plan with the option sharpnessAware: true");

/** The error of a plan whose weights are not perturbed. */
export const withoutPerturbation = (): EngineError =>
  new EngineError("restore: the weights are not perturbed; call perturb first");

const crossEntropyOptions = ["classWeights", "focusing", "logitOffsets", "labelSmoothing"] as const;

/** Throws where a training plan cannot be made for these options. */
export function checkTrainingOptions(graph: Graph, options: TrainingPlanOptions): void {
  checkPlanOptions(options);
  const { batch, loss, classWeights, focusing = 0, logitOffsets, labelSmoothing = 0 } = options;
  if (loss !== undefined) {
    if (typeof loss !== "function") throw new EngineError(`loss: expected a function, got ${typeof loss}`);
    const other = crossEntropyOptions.find((name) => options[name] !== undefined);
    if (other) throw new EngineError(`loss: not together with ${other}, which is of the built-in loss; leave one out`);
  }
  if (classWeights) {
    checkLength("classWeights", "one per class", graph.classes, classWeights);
    const wrong = classWeights.find((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
    if (wrong !== undefined) throw new EngineError(`classWeights: expected numbers of at least 0, got ${wrong}`);
    if (batch === 1) {
      throw new EngineError(
        "classWeights: weights compare the images of a batch, and a batch of 1 has none to compare; take a larger batch, or oversample",
      );
    }
  }
  if (!(focusing >= 0 && focusing < Number.POSITIVE_INFINITY)) {
    throw new EngineError(`focusing: expected a number of at least 0, got ${focusing}`);
  }
  if (logitOffsets) {
    checkLength("logitOffsets", "one per class", graph.classes, logitOffsets);
    const wrong = logitOffsets.find((offset) => !Number.isFinite(offset));
    if (wrong !== undefined) throw new EngineError(`logitOffsets: expected finite numbers, got ${wrong}`);
    // What the focal loss is lowest for are no probabilities, so that frequencies can't be taken out of them.
    if (focusing > 0) {
      throw new EngineError("logitOffsets: not together with focusing, whose optimum they would shift; leave one out");
    }
  }
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new EngineError(`labelSmoothing: expected a number in [0, 1), got ${labelSmoothing}`);
  }
  checkClipping(options.optimizer);
  checkInputGradient(graph, options);
  for (const { name, operation, shape, frozen } of graph.nodes) {
    if (operation.kind === "batchNorm" && !frozen && batch * elements(shape.slice(1)) === 1) {
      throw new EngineError(
        `layer ${name}: batchNorm needs more than one value per channel to train; use a batch of at least 2`,
      );
    }
  }
}

function checkClipping({ clipNorm, clipValue }: Optimizer): void {
  for (const [name, limit] of Object.entries({ clipNorm, clipValue })) {
    if (limit !== undefined && !(limit > 0 && limit < Number.POSITIVE_INFINITY)) {
      throw new EngineError(`${name}: expected a finite number above 0, got ${limit}`);
    }
  }
  if (clipNorm !== undefined && clipValue !== undefined) {
    throw new EngineError("clipNorm: not together with clipValue, which bounds the same gradients; leave one out");
  }
}

/** The tensor of that name; throws where it is missing or has another shape. */
export function requireTensor(tensors: Tensors, { name, shape }: Pick<ParameterSpec, "name" | "shape">): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new EngineError(`parameter ${name}: expected ${formatShape(shape)}, got none`);
  if (formatShape(tensor.shape) !== formatShape(shape) || tensor.data.length !== elements(shape)) {
    throw new EngineError(
      `parameter ${name}: expected ${formatShape(shape)}, got ${formatShape(tensor.shape)} with ${tensor.data.length} values`,
    );
  }
  return tensor;
}

/** Throws where an optimizer's state does not belong to these parameters. */
export function checkOptimizerState(
  parameters: readonly ParameterSpec[],
  kind: keyof typeof optimizerSlots,
  { updates, tensors }: OptimizerState,
): void {
  if (!Number.isInteger(updates) || updates < 0) {
    throw new EngineError(`optimizer state: expected a whole number of updates, got ${updates}`);
  }
  for (const { name, shape, trainable } of parameters) {
    if (!trainable) continue;
    for (const slot of optimizerSlots[kind]) requireTensor(tensors, { name: `${slot}.${name}`, shape });
  }
}
