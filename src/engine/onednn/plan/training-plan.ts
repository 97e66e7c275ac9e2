/** Forward, backward and update on oneDNN: built once per (network, batch, precision), then only executed. */

import { EngineError } from "../../../errors.ts";
import { type Graph, INPUT } from "../../../network/graph.ts";
import type { Tensor } from "../../../tensor.ts";
import { elements } from "../../../tensor.ts";
import { checkOptimizerState, checkTargets, checkTrainingOptions } from "../../checks.ts";
import type { Immediate, TrainingPlan, TrainingPlanOptions } from "../../engine.ts";
import { trainingLoss } from "../../loss.ts";
import { optimizerSlots } from "../../optimizer.ts";
import { bytesPerElement } from "../library/constants.ts";
import { alignedBytes } from "../library/memory.ts";
import type { Runtime } from "../library/runtime.ts";
import { sumGradients } from "../lowering/lowered.ts";
import { buildOptimizer } from "../optimizer/optimizer-program.ts";
import { areFinite } from "../optimizer/optimizer-update.ts";
import { asFloats, floats, type InstructionInfo, type Section, type Value } from "../program/program.ts";
import { buildForward, type ForwardProgram, type Segment } from "./forward-program.ts";

/** A training plan whose instructions can be looked at and timed one by one. */
export interface InspectableTrainingPlan extends Immediate<TrainingPlan> {
  readonly arenaBytes: number;
  readonly sections: { readonly forward: Section; readonly backward: Section; readonly update: Section };
  instruction(index: number): InstructionInfo;
  /** Runs some instructions on whatever the memory holds. */
  runSection(section: Section): void;
}

/** Appends the backward pass of one segment; returns the gradient of what it read, where that is wanted. */
function backwardSegment(
  { fusion, wantsGradient }: ForwardProgram,
  { context, from, to, lowered }: Segment,
  outputGradient: Value,
): Value | undefined {
  const source = from === 0 ? INPUT : fusion.resolve(from - 1);
  const pending = new Map<number, Value[]>();
  const receive = (index: number, gradient: Value | undefined) => {
    if (gradient === undefined || !wantsGradient(index)) return;
    const key = index < from ? source : fusion.resolve(index);
    pending.set(key, [...(pending.get(key) ?? []), gradient]);
  };
  receive(to - 1, outputGradient);
  for (let index = to - 1; index >= from; index--) {
    const gradients = pending.get(index);
    if (gradients === undefined) continue;
    const { node, inputs } = fusion.nodes[index]!;
    const operation = lowered[index]!;
    const [first, second, ...more] = gradients as [Value, ...Value[]];
    const results =
      operation.backwardOfSum && second && more.length === 0
        ? operation.backwardOfSum(first, second)
        : operation.backward(sumGradients(context, node.name, gradients));
    for (const [position, input] of inputs.entries()) receive(input, results[position]);
  }
  const atSource = pending.get(source);
  return atSource && sumGradients(context, "input", atSource);
}

/** Appends the backward pass; where `inputGradient` is given, that is its last result. */
function buildBackward(forward: ForwardProgram, logitGradient: Value, inputGradient?: Value): void {
  const { context, rest, tiles } = forward;
  const { program, type } = context;
  const store = (gradient: Value | undefined, firstImage: number) => {
    if (gradient === undefined || inputGradient === undefined) return;
    const { dimensions } = gradient.descriptor;
    const plain = program.rowMajor(dimensions, "f32");
    const offset = firstImage * elements(dimensions.slice(1)) * bytesPerElement.f32;
    program.convert("input gradient", gradient, plain, program.view(inputGradient, plain, offset));
  };
  const atRest = backwardSegment(forward, rest, logitGradient);
  if (tiles.length === 0) {
    store(atRest, 0);
    return;
  }
  if (atRest === undefined) return;
  const { dimensions } = atRest.descriptor;
  const joined = program.convert("join", atRest, program.rowMajor(dimensions, type));
  const imageBytes = elements(dimensions.slice(1)) * bytesPerElement[type];
  for (const segment of tiles) {
    const { from, images } = segment.tile;
    const plain = program.rowMajor([images, ...dimensions.slice(1)], type);
    store(backwardSegment(forward, segment, program.view(joined, plain, from * imageBytes)), from);
  }
}

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

  const { values, gradients, decayed, trained } = store.allocate();
  const slotNames = optimizerSlots[optimizer.kind];
  const slots = slotNames.map(() => alignedBytes(gradients.byteLength));
  const optimizerUpdate = buildOptimizer(optimizer, program, { weights: values, gradients, slots, decayed, trained });
  const running = asFloats(values).subarray(trained.to);
  const sections = {
    forward: { from: 0, to: afterForward },
    backward: { from: afterForward, to: afterBackward },
    update: { from: afterBackward, to: program.mark },
  };
  program.seal();
  const finishers = context.afterForward.map((prepare) => prepare());

  let updates = 0;
  const allKeys = graph.parameters.map(({ name }) => [name, name] as const);
  const trainedNames = graph.parameters.filter((spec) => spec.trainable).map(({ name }) => name);
  const slotKeys = (slot: string) => trainedNames.map((name) => [`${slot}.${name}`, name] as const);

  return {
    batch: options.batch,
    precision: options.precision ?? "f32",
    setParameters: (parameters) => store.write(parameters, values, allKeys),
    parameters: () => store.read(values, allKeys),
    computeGradients(images, targets) {
      checkTargets(graph, options.batch, targets);
      load(images);
      for (const prepare of context.beforeForward) prepare(updates);
      program.run(sections.forward);
      for (const finish of finishers) finish();
      const loss = trainingLoss(logits, targets, graph.classes, options, floats(logitGradient));
      program.run(sections.backward);
      return { loss, logits };
    },
    update(learningRate) {
      optimizerUpdate.setScalars(learningRate, updates);
      program.run(sections.update);
      updates++;
      return optimizerUpdate.isFinite() && areFinite(running);
    },
    gradients: () =>
      store.read(
        gradients,
        trainedNames.map((name) => [name, name] as const),
      ),
    inputGradient() {
      if (inputGradient === undefined) throw new EngineError("inputGradient: the plan was made without this option");
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
    arenaBytes: program.arenaBytes,
    sections,
    instruction: (index) => program.info(index),
    runSection: (section) => program.run(section),
    dispose: () => program.dispose(),
  };
}
