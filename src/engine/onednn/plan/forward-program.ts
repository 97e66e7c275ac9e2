/** What training and inference plans share: the network's forward pass as a program, its input and its logits. */
import { type Graph, INPUT } from "../../../network/graph.ts";
import { elements } from "../../../tensor.ts";
import { checkInput, checkPlanOptions } from "../../checks.ts";
import type { InputBatch, PlanOptions } from "../../engine.ts";
import { bytesPerElement } from "../library/constants.ts";
import type { Mode } from "../library/descriptors.ts";
import type { Runtime } from "../library/runtime.ts";
import { inLayer } from "../library/status.ts";
import { type BatchPart, planBatchParts } from "../lowering/batch-parts.ts";
import { type FusionPlan, planFusion } from "../lowering/fusion.ts";
import { lower } from "../lowering/lower.ts";
import type { Lowered, LoweringContext } from "../lowering/lowering-rule.ts";
import { ParameterStore } from "../program/parameter-store.ts";
import { Program } from "../program/program.ts";
import { floats, type Value } from "../program/value.ts";

/** The first part of the network for one part of the batch, or the rest of it for the whole batch. */
export interface Segment {
  readonly context: LoweringContext;
  /** The nodes [from, to). */
  readonly from: number;
  readonly to: number;
  /** By node index; undefined outside the segment and where another node took a node over. */
  readonly lowered: readonly (Lowered | undefined)[];
  /** What stands for the output of node `from - 1`, or for the network's input. */
  readonly source: Value;
}

/** A forward pass to which a backward one can be appended. */
export interface ForwardProgram {
  /** Of the whole batch. */
  readonly context: LoweringContext;
  readonly fusion: FusionPlan;
  readonly input: Value;
  readonly parts: readonly (Segment & { readonly part: BatchPart })[];
  readonly rest: Segment;
  readonly output: Value;
  /** (batch, classes), written by the forward pass. */
  readonly logits: Float32Array;
  /** Which values have a gradient that is wanted: per node, and at {@link INPUT}. */
  wantsGradient(source: number): boolean;
  /** Copies a batch into the program's input; throws where it has another type or length. */
  load(batch: InputBatch): void;
}

/** How a forward pass is built, beyond what every plan is told. */
export interface ForwardOptions {
  readonly seed?: number;
  readonly inputGradient?: boolean;
  /** The size that the activations of one part may have. */
  readonly cacheBytes: number;
}

/** Builds the forward pass of `graph`; the caller compiles the program. */
export function buildForward(
  runtime: Runtime,
  graph: Graph,
  { batch, precision = "f32" }: PlanOptions,
  mode: Mode,
  { seed = 0, inputGradient = false, cacheBytes }: ForwardOptions,
): ForwardProgram {
  checkPlanOptions({ batch });
  const program = new Program(runtime);
  const store = new ParameterStore(program, mode === "training" && graph.parameters.some(({ trainable }) => trainable));
  const type = precision;
  const context: LoweringContext = { program, store, batch, mode, type, beforeForward: [], afterForward: [] };
  const { nodes } = graph;

  const isBytes = graph.inputType === "uint8";
  const inputDescriptor = (images: number) =>
    isBytes
      ? program.channelsLast([images, ...graph.inputShape], "u8")
      : program.rowMajor([images, ...graph.inputShape], "f32");
  const input = program.persistent(inputDescriptor(batch));
  const inputBytes = elements(graph.inputShape) * bytesPerElement[input.descriptor.type];

  const fusion = planFusion(graph);
  const wanted: boolean[] = [];
  const wantsGradient = (source: number) => (source === INPUT ? inputGradient : wanted[source]!);
  for (const { parameters, inputs } of nodes) {
    wanted.push(parameters.some((spec) => spec.trainable) || inputs.some(wantsGradient));
  }

  const build = (segmentContext: LoweringContext, source: Value, from: number, to: number): Segment => {
    const lowered: (Lowered | undefined)[] = [];
    const outputOf = (index: number) => (index < from ? source : (lowered[fusion.resolve(index)]?.output ?? source));
    for (let index = from; index < to; index++) {
      const fused = fusion.nodes[index];
      if (fused === undefined) continue;
      const { node, inputs } = fused;
      const isOutput = index === nodes.length - 1;
      const place = { ...fused, index, seed, isOutput, wantsGradient: inputs.map(wantsGradient) };
      // Where no gradient passes, a frozen node need not keep what a backward pass reads.
      const nodeMode = node.frozen && !wantsGradient(index) ? "inference" : segmentContext.mode;
      const nodeContext = { ...segmentContext, mode: nodeMode } as const;
      lowered[index] = inLayer(node, () => lower(nodeContext, node, inputs.map(outputOf), place));
    }
    return { context: segmentContext, from, to, lowered, source };
  };
  const outputOf = ({ lowered, to }: Segment) => lowered[fusion.resolve(to - 1)]!.output;

  const { end, parts: batchParts } = planBatchParts(graph, fusion, {
    batch,
    bytesPerValue: bytesPerElement[type],
    cacheBytes,
  });
  const parts: (Segment & { readonly part: BatchPart })[] = [];
  let joined: Value | undefined;
  for (const part of batchParts) {
    const source = program.view(input, inputDescriptor(part.images), part.from * inputBytes);
    const segment = build({ ...context, batch: part.images }, source, 0, end);
    const output = outputOf(segment);
    const dimensions = output.descriptor.dimensions.slice(1);
    const imageBytes = elements(dimensions) * bytesPerElement[type];
    joined ??= program.value(program.rowMajor([batch, ...dimensions], type));
    const place = program.view(joined, program.rowMajor([part.images, ...dimensions], type), part.from * imageBytes);
    program.convert(`${nodes[end - 1]!.name} join`, output, place.descriptor, place);
    parts.push({ ...segment, part });
  }
  const rest = build(context, joined ?? input, end, nodes.length);

  const output = outputOf(rest);
  const logits = program.persistent(program.rowMajor(output.descriptor.dimensions, "f32"));
  program.convert("logits", output, logits.descriptor, logits);
  return {
    context,
    fusion,
    input,
    parts,
    rest,
    output,
    logits: floats(logits),
    wantsGradient,
    load(images) {
      checkInput(graph, batch, images);
      (isBytes ? input.storage.array! : floats(input)).set(images);
    },
  };
}
