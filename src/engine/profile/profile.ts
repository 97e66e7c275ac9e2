/** Where a training step spends its time: one row per layer and primitive, beside what the machine's limits allow. */
import type { Graph, Operation } from "../../network/graph.ts";
import type { EngineDescription, Precision } from "../engine.ts";
import type { OnednnEngine } from "../onednn/onednn-engine.ts";
import { limitSeconds, type Roofline } from "./roofline.ts";
import { type Pass, type TimedInstruction, type TimingOptions, timeInstructions } from "./timing.ts";

/** What one primitive of one layer costs in a step. */
export interface ProfileRow {
  readonly pass: Pass;
  /** The node of the graph, or what else: `optimizer`, `logits`, `input`. */
  readonly layer: string;
  /** Null where the row belongs to no node. */
  readonly kind: Operation["kind"] | null;
  readonly primitive: string;
  /** Instructions in the row: the parts of the batch, the pieces of the parameters. */
  readonly runs: number;
  /** oneDNN's names; several where parts differ. */
  readonly implementations: readonly string[];
  /** Of all runs. */
  readonly seconds: number;
  /** Of the step's time. */
  readonly share: number;
  readonly flops: number;
  readonly bytes: number;
  /** The least time that the roofline allows. */
  readonly limitSeconds: number;
}

/** The time of a training step, in rows. */
export interface Profile {
  readonly network: string;
  readonly batch: number;
  readonly precision: Precision;
  readonly engine: EngineDescription;
  readonly roofline: Roofline;
  /** Median of whole steps. */
  readonly stepSeconds: number;
  /** All rows. */
  readonly primitiveSeconds: number;
  /** primitiveSeconds / stepSeconds: what is left of it is the cost of everything around oneDNN. */
  readonly primitiveOverStep: number;
  readonly rows: readonly ProfileRow[];
}

/** Groups instructions by pass, layer and primitive, in the order of their first. */
export function profileRows(
  graph: Graph,
  instructions: readonly TimedInstruction[],
  stepSeconds: number,
  roofline: Roofline,
): readonly ProfileRow[] {
  const kinds = new Map(graph.nodes.map(({ name, operation }) => [name, operation.kind]));
  const groups = new Map<string, TimedInstruction[]>();
  for (const instruction of instructions) {
    const key = `${instruction.pass} ${instruction.layer} ${instruction.primitive}`;
    groups.set(key, [...(groups.get(key) ?? []), instruction]);
  }
  const sum = (group: readonly TimedInstruction[], value: (instruction: TimedInstruction) => number) =>
    group.reduce((total, instruction) => total + value(instruction), 0);
  return [...groups.values()].map((group) => {
    const { pass, layer, primitive } = group[0]!;
    const seconds = sum(group, (instruction) => instruction.seconds);
    return {
      pass,
      layer,
      kind: kinds.get(layer) ?? null,
      primitive,
      runs: group.length,
      implementations: [...new Set(group.map(({ implementation }) => implementation))],
      seconds,
      share: seconds / stepSeconds,
      flops: sum(group, ({ flops }) => flops),
      bytes: sum(group, ({ bytes }) => bytes),
      limitSeconds: sum(group, (instruction) => limitSeconds(roofline, instruction)),
    };
  });
}

/** Profiles the training of a network with Adam. */
export function profileTraining(
  engine: OnednnEngine,
  graph: Graph,
  { roofline, ...options }: Omit<TimingOptions, "precision"> & { readonly roofline: Roofline },
): Profile {
  const { precision } = roofline;
  const { stepSeconds, instructions } = timeInstructions(engine, graph, { ...options, precision });
  const rows = profileRows(graph, instructions, stepSeconds, roofline);
  const primitiveSeconds = rows.reduce((sum, { seconds }) => sum + seconds, 0);
  return {
    network: graph.network.name,
    batch: options.batch,
    precision,
    engine: engine.description,
    roofline,
    stepSeconds,
    primitiveSeconds,
    primitiveOverStep: primitiveSeconds / stepSeconds,
    rows,
  };
}
