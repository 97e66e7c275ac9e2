/** For tests: how far an engine's bfloat16 is from the reference engine's float64, as root mean squares over batches. */
import type { Layer } from "../../network/layer.ts";
import type { ImmediateEngine } from "../engine.ts";
import { normError } from "./conformance-cases.ts";
import { reference } from "./engines-under-test.ts";
import { type LayerRecord, layersOf, type RecordedLayer, stepOf } from "./layer-records.ts";

type Case = Pick<LayerRecord<unknown>, "name" | "input" | "batch" | "layers">;

/**
 * How much further than autocast's an error may be. Both round the same results to bfloat16, so that their errors are alike (0.75 to 1.05
 * times as large, mostly), but not all at the same places. Chance decides more where few values count, as in the gradient of one bias,
 * and where rounding takes a value across a corner of a rectifier: over 16 batches hard swish was 0.8 to 1.1 times as far in 13, and 1.6
 * to 1.9 times in the three in which it alone crossed one.
 */
const FACTOR = 1.5;
const FACTOR_OF_FEW = 2;
/** Below this, a few roundings of results that autocast leaves in float32. */
const ROUNDING = 2 ** -8;

/** Errors of each batch, a list of one length, to their root mean squares. */
const rootMeanSquares = (batches: readonly (readonly number[])[]): number[] =>
  batches[0]!.map((_, index) => Math.hypot(...batches.map((errors) => errors[index]!)) / Math.sqrt(batches.length));

function both(engine: ImmediateEngine, record: Case, layers: readonly Layer[], salt: number) {
  const exact = stepOf(reference.engine, "f32", record, layers, salt);
  const found = stepOf(engine, "bf16", record, layers, salt);
  const all = ({ gradients, inputGradient }: typeof exact) => new Map([...gradients, ["input", inputGradient]]);
  return { exact, found, exactGradients: all(exact), gradients: all(found) };
}

const joined = (tensors: ReadonlyMap<string, Float32Array>) =>
  Float32Array.from([...tensors.values()].flatMap((values) => Array.from(values)));

/** Of logits and of all gradients together, behind a 1x1 convolution. */
export const bf16ErrorsOf = (engine: ImmediateEngine, record: Case, salts: readonly number[]): number[] =>
  rootMeanSquares(
    salts.map((salt) => {
      const { exact, found, exactGradients, gradients } = both(engine, record, layersOf(record, { stem: true }), salt);
      return [normError(found.logits, exact.logits), normError(joined(gradients), joined(exactGradients))];
    }),
  );

/** Of what each layer gives for the first batch, and of each parameter's gradient. */
export function bf16ByLayerOf(engine: ImmediateEngine, record: Case, salts: readonly number[]) {
  const outputs = record.layers.map((_, index) => {
    const { exact, found } = both(engine, record, layersOf(record, { count: index + 1 }), salts[0]!);
    return normError(found.logits, exact.logits);
  });
  const gradients = salts.map((salt) => both(engine, record, layersOf(record), salt));
  const paths = [...gradients[0]!.gradients.keys()];
  const errors = gradients.map(({ exactGradients, gradients: found }) =>
    paths.map((path) => normError(found.get(path)!, exactGradients.get(path)!)),
  );
  return {
    outputs,
    gradients: new Map(rootMeanSquares(errors).map((error, index) => [paths[index]!, error])),
  };
}

const fault = (what: string, error: number, ofAutocast: number, factor: number): string[] =>
  error <= Math.max(factor * ofAutocast, ROUNDING)
    ? []
    : [`${what}: ${error.toExponential(2)}, PyTorch's autocast ${ofAutocast.toExponential(2)}`];

type Recorded = Pick<RecordedLayer, "bf16Errors" | "bf16Outputs" | "bf16Gradients">;

/** What of {@link bf16ErrorsOf} is worse than in PyTorch. */
export const bf16Faults = (errors: readonly number[], { bf16Errors }: Recorded): string[] =>
  ["logits", "gradients"].flatMap((what, i) => fault(what, errors[i]!, bf16Errors[i]!, FACTOR));

/** What of {@link bf16ByLayerOf} is worse than in PyTorch. */
export const byLayerFaults = (
  { outputs, gradients }: ReturnType<typeof bf16ByLayerOf>,
  { bf16Outputs, bf16Gradients }: Recorded,
): string[] => [
  ...outputs.flatMap((error, index) => fault(`output of layer ${index}`, error, bf16Outputs![index]!, FACTOR)),
  ...Array.from(gradients, ([path, error]) => fault(path, error, bf16Gradients![path]!, FACTOR_OF_FEW)).flat(),
];
