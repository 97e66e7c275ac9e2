/** `naevus/engine`: engines, which compute networks: the fast one over oneDNN and the reference, behind one interface; optimizers. */
import "../../node-version.ts";

export type {
  Awaitable,
  Engine,
  EngineDescription,
  EngineName,
  Immediate,
  ImmediateEngine,
  InferencePlan,
  InferencePlanOptions,
  InputBatch,
  OptimizerState,
  PlanOptions,
  Precision,
  StepResult,
  TrainingMemory,
  TrainingPlan,
  TrainingPlanOptions,
} from "../../engine/engine.ts";
export { type CrossEntropyOptions, type LossFunction, type LossOptions, softmax } from "../../engine/loss.ts";
export type { OnednnOptions } from "../../engine/onednn/onednn-engine.ts";
export type {
  Adam,
  AdamOptions,
  AdamW,
  GradientOptions,
  Lion,
  OptimizerOptions,
  RmsProp,
  Sgd,
} from "../../engine/optimizer.ts";
export { adam, adamW, lion, type Optimizer, rmsProp, sgd } from "../../engine/optimizer.ts";
export { referenceEngine } from "../../engine/reference/reference-engine.ts";
export { selectEngine } from "../../engine/select-engine.ts";
export type { FloatArray, Tensor, Tensors } from "../../tensor.ts";
