/** For tests: PyTorch's layers over a grid of options, as scripts/references/layers.py writes them, and the same in an engine. */
import { readFileSync } from "node:fs";
import { buildGraph } from "../../network/graph.ts";
import { completeLayer } from "../../network/json/complete-layer.ts";
import type { LayerForm } from "../../network/json/layer-forms.ts";
import { conv2d, flatten, type Layer } from "../../network/layer.ts";
import { elements } from "../../tensor.ts";
import type { ImmediateEngine, Precision } from "../engine.ts";
import { sgd } from "../optimizer.ts";
import { formulaParameters, formulaUniform } from "../reference-numbers/formula.ts";
import type { TensorSummary } from "../reference-numbers/records.ts";

/** `T` is a summary where the numbers are recorded, and all entries where they are live. */
export interface LayerRecord<T> {
  readonly name: string;
  readonly batch: number;
  readonly input: readonly [channels: number, height: number, width: number];
  /** As naevus reads them from JSON. */
  readonly layers: readonly LayerForm[];
  readonly loss: number;
  readonly logits: T;
  readonly gradients: Readonly<Record<string, T>>;
  readonly running: Readonly<Record<string, T>>;
  readonly inputGradient: T;
}

/** With what PyTorch's autocast in bfloat16 is away from float64, as root mean squares over the batches. */
export interface RecordedLayer extends LayerRecord<TensorSummary> {
  /** Of logits, and of all gradients together, behind a 1x1 convolution. */
  readonly bf16Errors: readonly [logits: number, gradients: number];
  /** In a family's network: of what each layer gives for the first batch. */
  readonly bf16Outputs?: readonly number[];
  /** In a family's network: of each parameter's gradient, and of the input's. */
  readonly bf16Gradients?: Readonly<Record<string, number>>;
}

export interface LayerRecords<R> {
  /** Of the batches; the first is that of float32. */
  readonly salts: readonly number[];
  readonly cases: readonly R[];
}

export const layerRecords = (): LayerRecords<RecordedLayer> =>
  JSON.parse(readFileSync(new URL("../reference-numbers/layers.json", import.meta.url), "utf8"));

/**
 * Float32 is compared with float64. Deep networks pass rounding on from layer to layer. The power's gradient is one number, a sum of terms of both
 * signs that leaves a hundredth of them, on logarithms that oneDNN computes to some 1e-6.
 */
export const toleranceOf = (title: string, name: string): number => {
  if (title === "reference") return 1e-6;
  if (name.startsWith("generalizedMeanPool")) return 5e-4;
  return name.startsWith("family") ? 2e-4 : 2e-5;
};

/** What a step of training gives, by the names of the records. */
export interface LayerStep {
  readonly loss: number;
  readonly logits: Float32Array;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly running: ReadonlyMap<string, Float32Array>;
  readonly inputGradient: Float32Array;
}

/** The layers of a record, or the first of them, with a 1x1 convolution before them where that is asked for. */
export function layersOf(
  record: Pick<LayerRecord<unknown>, "layers" | "input">,
  { stem = false, count = record.layers.length }: { readonly stem?: boolean; readonly count?: number } = {},
): readonly Layer[] {
  const layers = record.layers.slice(0, count).map((form) => completeLayer(form, undefined));
  return stem ? [conv2d(record.input[0], 1), ...layers] : layers;
}

/** One step on the formula's parameters and batch. */
export function stepOf(
  engine: ImmediateEngine,
  precision: Precision,
  { name, input: [channels, height, width], batch }: Pick<LayerRecord<unknown>, "name" | "input" | "batch">,
  layers: readonly Layer[],
  salt: number,
): LayerStep {
  const graph = buildGraph({ name, input: { channels, height, width }, layers: [...layers, flatten()] });
  const { classes } = graph;
  const targets = new Float32Array(batch * classes);
  for (let row = 0; row < batch; row++) targets[row * classes + ((2 * row) % classes)] = 1;
  const plan = engine.trainingPlan(graph, { batch, precision, optimizer: sgd(), inputGradient: true });
  plan.setParameters(formulaParameters(graph));
  const { loss, logits } = plan.computeGradients(
    formulaUniform(batch * elements(graph.inputShape), salt, 0, 1),
    targets,
  );
  const after = plan.parameters();
  const step = {
    loss,
    logits: logits.slice(),
    gradients: new Map(Array.from(plan.gradients(), ([path, { data }]) => [path, data as Float32Array])),
    running: new Map(
      graph.parameters.flatMap(({ name: path, trainable }) =>
        trainable ? [] : [[path, after.get(path)!.data as Float32Array] as const],
      ),
    ),
    inputGradient: plan.inputGradient().slice(),
  };
  plan.dispose();
  return step;
}
