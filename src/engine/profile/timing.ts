/** Times the instructions of a training plan, each by itself, in the order in which a step runs them. */

import { median } from "../../median.ts";
import { forwardFlops } from "../../network/flops.ts";
import type { Graph } from "../../network/graph.ts";
import { initialParameters } from "../../network/parameters.ts";
import { Random } from "../../random.ts";
import { elements } from "../../tensor.ts";
import type { InputBatch, PlanOptions } from "../engine.ts";
import type { OnednnEngine } from "../onednn/onednn-engine.ts";
import type { InspectableTrainingPlan } from "../onednn/plan/training-plan.ts";
import { adam } from "../optimizer.ts";

/** A third of a training step. */
export type Pass = "forward" | "backward" | "update";

/** One instruction of the plan. */
export interface TimedInstruction {
  readonly pass: Pass;
  /** The node of the graph, or what else the instruction serves: `optimizer`, `logits`, `input`. */
  readonly layer: string;
  /** What it does there: `forward`, `backward data`, `weight reorder`. */
  readonly primitive: string;
  readonly implementation: string;
  /** Median, without what a call from JavaScript costs. */
  readonly seconds: number;
  /** As the direct algorithm would take them. */
  readonly flops: number;
  /** Of every tensor that is read and every one that is written. */
  readonly bytes: number;
}

/** What is timed, and how often. */
export interface TimingOptions extends Required<PlanOptions> {
  /** How often everything is run after the first time; medians count. */
  readonly rounds: number;
  /** Milliseconds; differences alone are used. */
  readonly clock?: () => number;
}

/** The measured time of whole steps, and of each instruction. */
export interface Timing {
  /** Median of whole steps: input copied, forward, loss, backward, update. */
  readonly stepSeconds: number;
  readonly instructions: readonly TimedInstruction[];
}

const passNames: readonly Pass[] = ["forward", "backward", "update"];

/** Whole steps and single instructions take turns, on random images. */
export function timeInstructions(engine: OnednnEngine, graph: Graph, options: TimingOptions): Timing {
  const { batch, precision, rounds, clock = () => performance.now() } = options;
  const plan = engine.trainingPlan(graph, { batch, precision, optimizer: adam() });
  try {
    const random = Random.of(1);
    plan.setParameters(initialParameters(graph.parameters, random));
    const { images, targets } = randomBatch(graph, batch, random);
    const seconds = (work: () => void) => {
      const begun = clock();
      work();
      return (clock() - begun) / 1000;
    };
    const count = plan.sections.update.to;
    const steps: number[] = [];
    const calls: number[] = [];
    const times = Array.from({ length: count }, (): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      const step = seconds(() => {
        plan.computeGradients(images, targets);
        plan.update(0); // Leaves the weights as they are, however often it runs.
      });
      const single = times.map((_, i) => seconds(() => plan.runSection({ from: i, to: i + 1 })));
      if (round === 0) continue; // Memory is touched and code compiled for the first time.
      steps.push(step);
      for (let i = 0; i < 10; i++) calls.push(seconds(() => plan.runSection({ from: 0, to: 0 })));
      single.forEach((time, i) => void times[i]!.push(time));
    }
    const call = median(calls);
    const described = describeInstructions(plan, graph, batch);
    return {
      stepSeconds: median(steps),
      instructions: described.map((instruction, i) => ({
        ...instruction,
        seconds: Math.max(0, median(times[i]!) - call),
      })),
    };
  } finally {
    plan.dispose();
  }
}

/** So many random values are drawn; a larger input repeats them. */
const drawn = 1 << 16;

/** Random pixels and one random class for each image. */
export function randomBatch(
  graph: Graph,
  batch: number,
  random: Random,
): { readonly images: InputBatch; readonly targets: Float32Array } {
  const count = batch * elements(graph.inputShape);
  const images = graph.inputType === "uint8" ? new Uint8Array(count) : new Float32Array(count);
  const first = Math.min(count, drawn);
  for (let i = 0; i < first; i++) images[i] = graph.inputType === "uint8" ? random.integer(256) : random.normal();
  for (let done = first; done < count; done += first) images.copyWithin(done, 0, Math.min(first, count - done));
  const targets = new Float32Array(batch * graph.classes);
  for (let row = 0; row < batch; row++) targets[row * graph.classes + random.integer(graph.classes)] = 1;
  return { images, targets };
}

/** The instructions of a plan, not yet timed. */
function describeInstructions(
  plan: InspectableTrainingPlan,
  graph: Graph,
  batch: number,
): readonly Omit<TimedInstruction, "seconds">[] {
  const flops = new Map(graph.nodes.map((node) => [node.name, batch * forwardFlops(node)]));
  const instructions = passNames.flatMap((pass) => {
    const { from, to } = plan.sections[pass];
    return Array.from({ length: to - from }, (_, i) => {
      const { label, implementation, bytes } = plan.instruction(from + i);
      return { pass, ...splitLabel(label, flops), implementation, bytes };
    });
  });
  // Where the batch is computed in parts, each part's primitive has its share of the arithmetic.
  const key = ({ pass, layer, primitive }: { pass: Pass; layer: string; primitive: string }) =>
    `${pass} ${layer} ${primitive}`;
  const parts = new Map<string, number>();
  for (const instruction of instructions) parts.set(key(instruction), (parts.get(key(instruction)) ?? 0) + 1);
  return instructions.map((instruction) => {
    const computes = /^(forward|backward)/.test(instruction.primitive);
    const whole = computes ? (flops.get(instruction.layer) ?? 0) : 0;
    return { ...instruction, flops: whole / parts.get(key(instruction))! };
  });
}

/** `3.body.0 backward data` is the node's, `3.body.0.weight reorder` its parameter's, all else belongs to no node. */
function splitLabel(label: string, nodes: ReadonlyMap<string, unknown>): { layer: string; primitive: string } {
  const space = label.indexOf(" ");
  const [name, rest] = [label.slice(0, space < 0 ? label.length : space), space < 0 ? "" : label.slice(space + 1)];
  if (nodes.has(name)) return { layer: name, primitive: rest };
  const dot = name.lastIndexOf(".");
  const node = name.slice(0, Math.max(dot, 0));
  return nodes.has(node)
    ? { layer: node, primitive: `${name.slice(dot + 1)} ${rest}` }
    : { layer: name, primitive: rest };
}
