/** Forward, backward and update on oneDNN: built once per (network, batch, precision), then only executed. */

import type { Graph } from "../../../network/graph.ts";
import { isFiniteTensor, type Tensor } from "../../../tensor.ts";
import { batchLoss } from "../../batch-loss.ts";
import {
  checkOptimizerState,
  checkTargets,
  checkTrainingOptions,
  withoutAverage,
  withoutInputGradient,
  withoutPerturb,
  withoutPerturbation,
} from "../../checks.ts";
import type { Immediate, InputBatch, TrainingPlan, TrainingPlanOptions } from "../../engine.ts";
import { optimizerSlots } from "../../optimizer.ts";
import { moveAverage } from "../../weight-average.ts";
import { bytesPerElement } from "../library/constants.ts";
import { alignedBytes } from "../library/memory.ts";
import type { Runtime } from "../library/runtime.ts";
import { lowerOptimizer } from "../lowering/lower-optimizer.ts";
import { areFinite } from "../lowering/optimizer/optimizer-update.ts";
import { addPerturbation } from "../lowering/optimizer/perturbation.ts";
import type { InstructionInfo, Section } from "../program/instruction.ts";
import { asFloats, floats } from "../program/value.ts";
import { buildBackward } from "./backward-program.ts";
import { buildForward } from "./forward-program.ts";

/** A training plan whose instructions can be looked at and timed one by one. */
export interface InspectableTrainingPlan extends Immediate<TrainingPlan> {
  readonly arenaBytes: number;
  readonly sections: { readonly forward: Section; readonly backward: Section; readonly update: Section };
  instruction(index: number): InstructionInfo;
  /** Runs some instructions on whatever the memory holds. */
  runSection(section: Section): void;
}

/** Builds a plan that trains. */
export function trainingPlan(
  runtime: Runtime,
  graph: Graph,
  options: TrainingPlanOptions,
  cacheBytes: number,
): InspectableTrainingPlan {
  checkTrainingOptions(graph, options);
  const { optimizer } = options;
  const forward = buildForward(runtime, graph, options, "training", { ...options, cacheBytes });
  const { context, logits, output, input, load } = forward;
  const { program, store } = context;
  program.addDeferred();
  const afterForward = program.mark;

  const logitGradient = program.persistent(program.rowMajor(output.descriptor.dimensions, "f32"));
  const inputGradient = options.inputGradient
    ? program.persistent(program.rowMajor(input.descriptor.dimensions, "f32"))
    : undefined;
  buildBackward(forward, logitGradient, inputGradient);
  program.addDeferred();
  const afterBackward = program.mark;

  const { values, gradients, trained, running } = store.allocate();
  const slotNames = optimizerSlots[optimizer.kind];
  const slots = slotNames.map(() => alignedBytes(gradients.byteLength));
  const arrays = { weights: values, gradients, slots, trained };
  const optimizerUpdate = lowerOptimizer(optimizer, program, arrays, store.trainable);
  const runningStatistics = asFloats(values).subarray(running.from, running.to);
  const sections = {
    forward: { from: 0, to: afterForward },
    backward: { from: afterForward, to: afterBackward },
    update: { from: afterBackward, to: program.mark },
  };
  const perturbation = options.sharpnessAware ? addPerturbation(program, arrays) : undefined;
  const executable = program.compile();
  const finishers = context.afterForward.map((prepare) => prepare());
  const run = (section: Section) => executable.run(section);
  const runForward = (images: InputBatch) => {
    load(images);
    for (const prepare of context.beforeForward) prepare(updates);
    run(sections.forward);
  };

  let updates = 0;
  const allKeys = graph.parameters.map(({ name }) => [name, name] as const);
  const frozenNames = graph.nodes
    .flatMap(({ frozen, parameters }) => (frozen ? parameters : []))
    .map(({ name }) => name);
  // In the program they have the precision and the layout of what reads them, from which there may be no way back.
  let frozen: readonly (readonly [name: string, tensor: Tensor])[] = [];
  let isFrozenFinite = true;
  const trainedNames = graph.parameters.filter((spec) => spec.trainable).map(({ name }) => name);
  /** What is trained from a flat array, and the rest as it was given. */
  const withFrozen = (flat: Uint8Array) => {
    const kept = new Map(frozen.map(([name, tensor]) => [name, copyOf(tensor)]));
    const read = store.read(
      flat,
      allKeys.filter(([name]) => !kept.has(name)),
    );
    return new Map(graph.parameters.map(({ name }) => [name, kept.get(name) ?? read.get(name)!]));
  };
  const unperturbed = new Uint8Array(perturbation ? running.to * bytesPerElement.f32 : 0);
  let isPerturbed = false;
  let average: Uint8Array | undefined;
  const slotKeys = (slot: string) => trainedNames.map((name) => [`${slot}.${name}`, name] as const);

  return {
    batch: options.batch,
    precision: options.precision ?? "f32",
    memory: {
      activations: executable.arenaBytes + program.persistentBytes([values, gradients, ...slots]),
      weights: values.byteLength + unperturbed.byteLength,
      gradients: gradients.byteLength,
      optimizer: slots.length * gradients.byteLength,
    },
    setParameters(parameters) {
      store.write(parameters, values, allKeys);
      frozen = frozenNames.map((name) => [name, copyOf(parameters.get(name)!)]);
      isFrozenFinite = frozen.every(([, tensor]) => isFiniteTensor(tensor));
    },
    parameters: () => withFrozen(values),
    computeGradients(images, targets) {
      checkTargets(graph, options.batch, targets);
      runForward(images);
      for (const finish of finishers) finish();
      const loss = batchLoss(logits, targets, graph.classes, options, floats(logitGradient));
      executable.run(sections.backward);
      return { loss, logits };
    },
    update(learningRate) {
      optimizerUpdate.update(run, learningRate, updates);
      updates++;
      return isFrozenFinite && optimizerUpdate.isFinite() && areFinite(runningStatistics);
    },
    perturb(radius) {
      if (perturbation === undefined) throw withoutPerturb();
      unperturbed.set(values.subarray(0, unperturbed.length));
      isPerturbed = true;
      return perturbation(run, radius);
    },
    restore() {
      if (!isPerturbed) throw withoutPerturbation();
      values.set(unperturbed);
      isPerturbed = false;
    },
    setAverage(parameters) {
      average ??= alignedBytes(values.byteLength);
      store.write(parameters, average, allKeys);
    },
    updateAverage(keep) {
      if (average === undefined) throw withoutAverage();
      moveAverage(asFloats(average).subarray(0, running.to), asFloats(values).subarray(0, running.to), keep);
    },
    average() {
      if (average === undefined) throw withoutAverage();
      return withFrozen(average);
    },
    measureStatistics(images, share) {
      runForward(images);
      for (const finish of finishers) finish(share);
    },
    gradients: () =>
      store.read(
        gradients,
        trainedNames.map((name) => [name, name] as const),
      ),
    inputGradient() {
      if (inputGradient === undefined) throw withoutInputGradient();
      return floats(inputGradient).slice();
    },
    optimizerState: () => ({
      updates,
      tensors: new Map<string, Tensor>(
        slotNames.flatMap((slot, index) => [...store.read(slots[index]!, slotKeys(slot))]),
      ),
    }),
    setOptimizerState(state) {
      checkOptimizerState(graph.parameters, optimizer.kind, state);
      slotNames.forEach((slot, index) => {
        store.write(state.tensors, slots[index]!, slotKeys(slot));
      });
      updates = state.updates;
    },
    arenaBytes: executable.arenaBytes,
    sections,
    instruction: (index) => program.info(index),
    runSection: (section) => executable.run(section),
    dispose: () => program.dispose(),
  };
}

const copyOf = ({ shape, data }: Tensor): Tensor<Float32Array> => ({ shape, data: Float32Array.from(data) });
