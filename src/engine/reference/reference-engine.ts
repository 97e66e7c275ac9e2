/** The reference engine: plain TypeScript in float64, the executable specification of what a network computes. */

import { EngineError } from "../../errors.ts";
import type { Graph } from "../../network/graph.ts";
import type { ParameterSpec } from "../../network/parameters.ts";
import type { Tensor, Tensors } from "../../tensor.ts";
import { elements } from "../../tensor.ts";
import { batchLoss } from "../batch-loss.ts";
import {
  checkInferenceOptions,
  checkLogitWeights,
  checkOptimizerState,
  checkTargets,
  checkTrainingOptions,
  requireTensor,
  withoutAverage,
  withoutInputGradient,
  withoutPerturb,
  withoutPerturbation,
} from "../checks.ts";
import type {
  Immediate,
  ImmediateEngine,
  InferencePlan,
  InferencePlanOptions,
  InputBatch,
  OptimizerState,
  PlanOptions,
  StepResult,
  TrainingMemory,
  TrainingPlan,
  TrainingPlanOptions,
} from "../engine.ts";
import { optimizerSlots, perturbationScale } from "../optimizer.ts";
import { moveAverage } from "../weight-average.ts";
import { Execution } from "./execution.ts";
import { applyUpdate, freshState, normOf, preparedGradients } from "./optimizers.ts";

/** Needs nothing but Node; computes in float64 whatever the library, and slowly. Refuses the precision bf16. */
export function referenceEngine(): ImmediateEngine {
  return {
    description: {
      name: "reference",
      library: "plain TypeScript",
      instructionSet: "none",
      threads: 1,
      precisions: ["f32"],
      defaultPrecision: "f32",
    },
    inferencePlan: (graph, options) => new ReferenceInferencePlan(graph, options),
    trainingPlan: (graph, options) => new ReferenceTrainingPlan(graph, options),
  };
}

function refuseBf16({ precision }: PlanOptions): void {
  if (precision === "bf16") {
    throw new EngineError("precision bf16: the reference engine computes in float64; use precision f32");
  }
}

class ReferenceInferencePlan implements Immediate<InferencePlan> {
  readonly batch: number;
  readonly precision = "f32";
  readonly #graph: Graph;
  readonly #execution: Execution;
  readonly #logits: Float32Array;
  readonly #inputGradient: Float64Array | undefined;

  constructor(graph: Graph, options: InferencePlanOptions) {
    refuseBf16(options);
    checkInferenceOptions(graph, options);
    this.batch = options.batch;
    this.#graph = graph;
    this.#inputGradient = inputGradientOf(graph, options);
    this.#execution = new Execution(graph, options.batch);
    this.#logits = new Float32Array(options.batch * graph.classes);
  }

  setParameters(parameters: Tensors): void {
    this.#execution.setParameters(parameters);
  }

  infer(input: InputBatch): Float32Array {
    this.#logits.set(this.#execution.forward(input));
    return this.#logits;
  }

  inputGradient(logitWeights: Float32Array): Float32Array {
    if (!this.#inputGradient) throw withoutInputGradient();
    checkLogitWeights(this.#graph, this.batch, logitWeights);
    const discarded = gradientsOf(this.#graph.parameters);
    this.#execution.backward(Float64Array.from(logitWeights), discarded, this.#inputGradient);
    return Float32Array.from(this.#inputGradient);
  }

  dispose(): void {} // nothing is held that garbage collection cannot see
}

class ReferenceTrainingPlan implements Immediate<TrainingPlan> {
  readonly batch: number;
  readonly precision = "f32";
  readonly memory: TrainingMemory;
  readonly #graph: Graph;
  readonly #options: TrainingPlanOptions;
  readonly #execution: Execution;
  readonly #trainable: readonly ParameterSpec[];
  readonly #gradients: ReadonlyMap<string, Float64Array>;
  readonly #inputGradient: Float64Array | undefined;
  readonly #logits: Float32Array;
  readonly #logitsGradient: Float64Array;
  readonly #state: ReadonlyMap<string, readonly Float64Array[]>;
  #updates = 0;
  #unperturbed: Tensors | undefined;
  #average: ReadonlyMap<string, Float32Array> | undefined;

  constructor(graph: Graph, options: TrainingPlanOptions) {
    refuseBf16(options);
    checkTrainingOptions(graph, options);
    this.batch = options.batch;
    this.#graph = graph;
    this.#options = options;
    this.#execution = new Execution(graph, options.batch);
    this.#trainable = graph.parameters.filter(({ trainable }) => trainable);
    this.#gradients = gradientsOf(graph.parameters);
    this.#inputGradient = inputGradientOf(graph, options);
    this.#logits = new Float32Array(options.batch * graph.classes);
    this.#logitsGradient = new Float64Array(options.batch * graph.classes);
    this.#state = new Map(
      this.#trainable.map(({ name, shape }) => [name, freshState(options.optimizer, elements(shape))]),
    );
    this.memory = {
      // A gradient of each output comes into being on the way back.
      activations: 2 * this.#execution.activationBytes,
      weights: bytesOf(this.#execution.parameters.values()),
      gradients: bytesOf(this.#gradients.values()),
      optimizer: bytesOf([...this.#state.values()].flat()),
    };
  }

  setParameters(parameters: Tensors): void {
    this.#execution.setParameters(parameters);
  }

  parameters(): Tensors {
    return copies(this.#graph.parameters, this.#execution.parameters);
  }

  computeGradients(input: InputBatch, targets: Float32Array): StepResult {
    const { classes } = this.#graph;
    checkTargets(this.#graph, this.batch, targets);
    const logits = this.#execution.forward(input, [this.#options.seed ?? 0, this.#updates]);
    const loss = batchLoss(logits, targets, classes, this.#options, this.#logitsGradient);
    this.#execution.backward(this.#logitsGradient, this.#gradients, this.#inputGradient);
    this.#logits.set(logits);
    return { loss, logits: this.#logits };
  }

  update(learningRate: number): boolean {
    const { optimizer } = this.#options;
    this.#updates++;
    const parameters = this.#trainable.map((spec) => ({
      spec,
      values: this.#execution.parameters.get(spec.name)!,
      gradient: this.#gradients.get(spec.name)!,
    }));
    const gradients = preparedGradients(optimizer, parameters);
    for (const [index, { spec, values }] of parameters.entries()) {
      applyUpdate(optimizer, {
        values,
        gradient: gradients[index]!,
        state: this.#state.get(spec.name)!,
        rate: learningRate,
        decays: spec.role === "weight",
        count: this.#updates,
      });
    }
    const state = [...this.#state.values()].flat();
    return [...this.#execution.parameters.values(), ...state].every((array) => array.every(isFiniteInFloat32));
  }

  perturb(radius: number): boolean {
    if (!this.#options.sharpnessAware) throw withoutPerturb();
    this.#unperturbed = this.parameters();
    const gradients = this.#trainable.map(({ name }) => this.#gradients.get(name)!);
    const scale = perturbationScale(normOf(gradients), radius);
    for (const [index, { name }] of this.#trainable.entries()) {
      const values = this.#execution.parameters.get(name)!;
      for (let i = 0; i < values.length; i++) values[i]! += scale * gradients[index]![i]!;
    }
    return Number.isFinite(scale);
  }

  restore(): void {
    if (this.#unperturbed === undefined) throw withoutPerturbation();
    this.setParameters(this.#unperturbed);
    this.#unperturbed = undefined;
  }

  setAverage(parameters: Tensors): void {
    this.#average = new Map(
      this.#graph.parameters.map((spec) => [spec.name, Float32Array.from(requireTensor(parameters, spec).data)]),
    );
  }

  updateAverage(keep: number): void {
    if (this.#average === undefined) throw withoutAverage();
    for (const [name, average] of this.#average) moveAverage(average, this.#execution.parameters.get(name)!, keep);
  }

  average(): Tensors {
    const average = this.#average;
    if (average === undefined) throw withoutAverage();
    return new Map(
      this.#graph.parameters.map(({ name, shape }) => [name, { shape, data: average.get(name)!.slice() }]),
    );
  }

  measureStatistics(input: InputBatch, share: number): void {
    const before = this.parameters();
    this.#execution.forward(input, [this.#options.seed ?? 0, this.#updates]);
    for (const { operation, parameters } of this.#graph.nodes) {
      if (operation.kind !== "batchNorm" || operation.momentum === 0) continue;
      for (const { name } of parameters) {
        const [values, old] = [this.#execution.parameters.get(name)!, before.get(name)!.data];
        // Moved by the momentum; only running statistics have moved.
        for (let i = 0; i < values.length; i++)
          values[i] = old[i]! + (share / operation.momentum) * (values[i]! - old[i]!);
      }
    }
  }

  gradients(): Tensors {
    return copies(this.#trainable, this.#gradients);
  }

  inputGradient(): Float32Array {
    if (!this.#inputGradient) throw withoutInputGradient();
    return Float32Array.from(this.#inputGradient);
  }

  optimizerState(): OptimizerState {
    const tensors = new Map<string, Tensor>();
    for (const { name, shape } of this.#trainable) {
      optimizerSlots[this.#options.optimizer.kind].forEach((slot, i) => {
        tensors.set(`${slot}.${name}`, { shape, data: this.#state.get(name)![i]!.slice() });
      });
    }
    return { updates: this.#updates, tensors };
  }

  setOptimizerState(state: OptimizerState): void {
    const { kind } = this.#options.optimizer;
    checkOptimizerState(this.#graph.parameters, kind, state);
    this.#updates = state.updates;
    for (const { name } of this.#trainable) {
      optimizerSlots[kind].forEach((slot, i) => {
        this.#state.get(name)![i]!.set(state.tensors.get(`${slot}.${name}`)!.data);
      });
    }
  }

  dispose(): void {} // nothing is held that garbage collection cannot see
}

const bytesOf = (arrays: Iterable<Float64Array>): number =>
  Array.from(arrays).reduce((sum, { byteLength }) => sum + byteLength, 0);

const gradientsOf = (specs: readonly ParameterSpec[]): ReadonlyMap<string, Float64Array> =>
  new Map(specs.map(({ name, shape }) => [name, new Float64Array(elements(shape))]));

const inputGradientOf = (graph: Graph, { batch, inputGradient }: InferencePlanOptions): Float64Array | undefined =>
  inputGradient ? new Float64Array(batch * elements(graph.inputShape)) : undefined;

/** Checkpoints and models hold float32. */
const isFiniteInFloat32 = (value: number): boolean => Number.isFinite(Math.fround(value));

const copies = (specs: readonly ParameterSpec[], arrays: ReadonlyMap<string, Float64Array>): Tensors =>
  new Map(specs.map(({ name, shape }) => [name, { shape, data: arrays.get(name)!.slice() }]));
