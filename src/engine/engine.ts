/** The one interface behind which networks are computed: `reference/` is the specification, `onednn/` the fast one. */
import type { Graph } from "../network/graph.ts";
import type { Tensors } from "../tensor.ts";
import type { LossOptions } from "./loss.ts";
import type { Optimizer } from "./optimizer.ts";

/** `bf16`: activations and weights in bfloat16; master weights, weight gradients and statistics stay in float32. */
export type Precision = "f32" | "bf16";

/** What an engine has at once, or must wait for, as where another processor computes it. */
export type Awaitable<T> = T | Promise<T>;

/** A batch in the graph's input type: bytes (batch, height, width, channels) or floats (batch, channels, height, width). */
export type InputBatch = Uint8Array | Float32Array;

/** What every plan is made for. */
export interface PlanOptions {
  /** Images in every batch. */
  readonly batch: number;
  /** Default f32. */
  readonly precision?: Precision;
}

/** What a plan for inference is made for. */
export interface InferencePlanOptions extends PlanOptions {
  /** Also compute gradients of logits with respect to a float32 input; default false. */
  readonly inputGradient?: boolean;
}

/** What a plan for training is made for. */
export type TrainingPlanOptions = PlanOptions &
  LossOptions & {
    readonly optimizer: Optimizer;
    /** Seed of dropout's masks; default 0. */
    readonly seed?: number;
    /** Also compute the gradient of the loss with respect to a float32 input; default false. */
    readonly inputGradient?: boolean;
    /** Whether weights will be perturbed, as SAM does; default false. */
    readonly sharpnessAware?: boolean;
  };

/** Primitives, memories and argument lists made once for a (graph, batch, precision); running it only executes. */
export interface InferencePlan {
  readonly batch: number;
  readonly precision: Precision;
  /** Copies parameters in, by name; throws where one is missing or has another shape. */
  setParameters(parameters: Tensors): void;
  /**
   * Logits (batch, classes) in evaluation mode: running statistics, no dropout. The array is reused by the next call.
   */
  infer(input: InputBatch): Awaitable<Float32Array>;
  /**
   * The gradient of a weighted sum of the logits that {@link InferencePlan.infer} gave last, with respect to its input: a copy, (batch,
   * channels, height, width). Only with the option `inputGradient`.
   *
   * @param logitWeights (batch, classes); 1 for one class of an image and 0 for the others gives the gradient of that logit
   */
  inputGradient(logitWeights: Float32Array): Awaitable<Float32Array>;
  /** Frees what garbage collection cannot see. The plan must not be used afterwards. */
  dispose(): void;
}

/** What a step gives beside gradients. */
export interface StepResult {
  /** Mean loss over the batch before the update. */
  readonly loss: number;
  /** (batch, classes), in training mode. The array is reused by the next call. */
  readonly logits: Float32Array;
}

/** Bytes that a training plan holds from its making on, by what they are for. */
export interface TrainingMemory {
  /** Activations and all else that a step computes on its way. */
  readonly activations: number;
  /** With running statistics. */
  readonly weights: number;
  readonly gradients: number;
  /** The optimizer's state. */
  readonly optimizer: number;
}

/** A network that trains: primitives, memories and argument lists made once for a (graph, batch, precision, optimizer). */
export interface TrainingPlan {
  readonly batch: number;
  readonly precision: Precision;
  readonly memory: TrainingMemory;
  /** Copies parameters in, by name, as {@link InferencePlan.setParameters} does; throws where one is missing or has another shape. */
  setParameters(parameters: Tensors): void;
  /** A copy of all parameters, running statistics included, in canonical layout. */
  parameters(): Awaitable<Tensors>;
  /**
   * Forward and backward: loss and gradients; running statistics move, weights do not.
   * `targets` (batch, classes) are class probabilities; an image whose row is all zeros does not count.
   */
  computeGradients(input: InputBatch, targets: Float32Array): Awaitable<StepResult>;
  /**
   * One optimizer update from the gradients at hand.
   *
   * @returns whether weights, running statistics and the optimizer's state are all finite in float32 after it, and so small (below 1e30)
   *   that sums of them are. A loss does not tell: a rectifier and max pooling may turn what is no number into 0.
   */
  update(learningRate: number): Awaitable<boolean>;
  /**
   * Moves what is trained along the gradients at hand, to the highest loss within `radius` as they foretell it: w + radius g / |g|, the first
   * half of a step of SAM (Foret et al. 2021). {@link restore} takes it back, with what running statistics do until then. Only with the option
   * `sharpnessAware`.
   *
   * @returns whether the gradients are finite; where they are not, the weights are not either
   */
  perturb(radius: number): Awaitable<boolean>;
  /** Takes back {@link perturb}, bit for bit; the gradients stay. Throws EngineError where nothing is perturbed. */
  restore(): void;
  /** Copies an average of the parameters in, from which {@link updateAverage} goes on; throws as {@link setParameters} does. */
  setAverage(parameters: Tensors): void;
  /** average = keep average + (1 - keep) parameters, running statistics included. Throws EngineError before {@link setAverage}. */
  updateAverage(keep: number): Awaitable<void>;
  /** A copy of the average. Throws EngineError before {@link setAverage}. */
  average(): Awaitable<Tensors>;
  /**
   * Forward in training mode: running statistics move by the part `share` towards those of the batch, of whatever momentum a layer is. With
   * shares of 1, 1/2, 1/3 and so on they become the mean over all batches.
   */
  measureStatistics(input: InputBatch, share: number): Awaitable<void>;
  /** A copy of the gradients of the trainable parameters. */
  gradients(): Awaitable<Tensors>;
  /** (batch, channels, height, width); only with the option `inputGradient`. */
  inputGradient(): Awaitable<Float32Array>;
  /** A copy of the optimizer's state: `<state>.<parameter>`, with the number of updates done. */
  optimizerState(): Awaitable<OptimizerState>;
  /** Copies a state in, as `optimizerState` gave it; throws where a tensor is missing or has another shape. */
  setOptimizerState(state: OptimizerState): void;
  /** Frees what garbage collection cannot see. The plan must not be used afterwards. */
  dispose(): void;
}

/** What an optimizer remembers between updates, as a checkpoint keeps it. */
export interface OptimizerState {
  /** Updates done so far. */
  readonly updates: number;
  readonly tensors: Tensors;
}

/** The engines by the names that settings use. */
export const engineNames = ["onednn", "reference"] as const;

/** The name of an engine. */
export type EngineName = (typeof engineNames)[number];

/** What computes on this machine, for people and for choosing a precision. */
export interface EngineDescription {
  readonly name: EngineName;
  /** For people: library and version, or "plain TypeScript". */
  readonly library: string;
  /** The instruction set that the library uses, where it says so. */
  readonly instructionSet: string;
  readonly threads: number;
  /** Those that plans compute in on this processor. */
  readonly precisions: readonly Precision[];
  /** What `auto` stands for on this processor. */
  readonly defaultPrecision: Precision;
}

/** Computes networks: it makes plans for a graph, and plans do the work. */
export interface Engine {
  readonly description: EngineDescription;
  /** A plan that computes logits. Throws EngineError where the precision cannot be computed here. */
  inferencePlan(graph: Graph, options: InferencePlanOptions): InferencePlan;
  /** A plan that computes gradients and updates. Throws EngineError where the precision cannot be computed here. */
  trainingPlan(graph: Graph, options: TrainingPlanOptions): TrainingPlan;
}

/** A plan that answers at once: no method gives a promise. */
export type Immediate<Plan> = {
  [K in keyof Plan]: Plan[K] extends (...values: infer V) => infer R ? (...values: V) => Awaited<R> : Plan[K];
};

/** An engine that computes while it is called. */
export interface ImmediateEngine extends Engine {
  inferencePlan(graph: Graph, options: InferencePlanOptions): Immediate<InferencePlan>;
  trainingPlan(graph: Graph, options: TrainingPlanOptions): Immediate<TrainingPlan>;
}
