/** What an engine computes in a step, beside the reference engine. */
import { expect } from "vitest";
import { buildGraph, type Graph } from "../../network/graph.ts";
import type { Tensors } from "../../tensor.ts";
import type { Engine, TrainingPlanOptions } from "../engine.ts";
import { sgd } from "../optimizer.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { type Example, exampleFor, normError, relativeError, roundToBf16 } from "./conformance-cases.ts";
import { type EngineUnderTest, reference } from "./engines-under-test.ts";

interface Outcome {
  readonly evaluation: Float32Array;
  /** Of weighted logits in evaluation mode. */
  readonly evaluationGradient: Float32Array | undefined;
  readonly loss: number;
  readonly logits: Float32Array;
  readonly gradients: Tensors;
  readonly inputGradient: Float32Array | undefined;
  readonly after: Tensors;
}

/** Any engine, whether it answers at once or later. */
type Tested = Pick<EngineUnderTest, "precision"> & { readonly engine: Engine };

type Options = ConformanceCase["options"] & Pick<TrainingPlanOptions, "batch">;

/** The logits' gradient by the input, asked for twice after one pass: first with other weights. */
async function gradientInEvaluation(
  { engine, precision }: Tested,
  graph: Graph,
  { parameters, input, targets }: Example,
  { batch }: Options,
): Promise<Float32Array> {
  const plan = engine.inferencePlan(graph, { batch, precision, inputGradient: true });
  plan.setParameters(parameters);
  await plan.infer(input);
  await plan.inputGradient(new Float32Array(targets.length).fill(1));
  const gradient = await plan.inputGradient(targets.map((target, i) => target - (i % 3)));
  plan.dispose();
  return gradient;
}

/** One evaluation, then one step of training without an update. */
async function outcome(
  { engine, precision }: Tested,
  graph: Graph,
  example: Example,
  options: Options,
): Promise<Outcome> {
  const { parameters, input, targets } = example;
  const inference = engine.inferencePlan(graph, { batch: options.batch, precision });
  inference.setParameters(parameters);
  const evaluation = (await inference.infer(input)).slice();
  inference.dispose();
  const inputGradient = graph.inputType === "float32";
  const evaluationGradient = inputGradient
    ? await gradientInEvaluation({ engine, precision }, graph, example, options)
    : undefined;
  const training = engine.trainingPlan(graph, { optimizer: sgd(), precision, inputGradient, ...options });
  training.setParameters(parameters);
  const { loss, logits } = await training.computeGradients(input, targets);
  const result = {
    evaluation,
    evaluationGradient,
    loss,
    logits: logits.slice(),
    gradients: await training.gradients(),
    inputGradient: inputGradient ? await training.inputGradient() : undefined,
    after: await training.parameters(),
  };
  training.dispose();
  return result;
}

interface Comparison {
  readonly what: string;
  readonly error: number;
  readonly allowed: number;
}

function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}

/** Everything that a step computes: in float32 by norm and by largest difference, in bfloat16 by norm. */
function* compare(
  actual: Outcome,
  expected: Outcome,
  { precision }: EngineUnderTest,
  bf16GradientError: number,
  allowedInFloat32: number,
): Generator<Comparison> {
  const bf16 = precision === "bf16";
  const error = bf16 ? normError : relativeError;
  const allowed = bf16 ? 2e-2 : allowedInFloat32;
  yield { what: "evaluation logits", error: error(actual.evaluation, expected.evaluation), allowed };
  yield { what: "logits", error: error(actual.logits, expected.logits), allowed };
  yield { what: "loss", error: Math.abs(actual.loss - expected.loss) / Math.max(1, expected.loss), allowed };
  const gradientError = bf16 ? bf16GradientError : allowed;
  // A gradient that cancels to nothing, as that of a bias before batch normalisation, is measured by the largest one.
  const sizes = [...expected.gradients.values()].map(({ data }) => largestOf(data));
  const atLeast = (bf16 ? 0.1 : 1e-2) * Math.max(...sizes);
  for (const [name, { data }] of expected.gradients) {
    const found = actual.gradients.get(name)!.data;
    yield { what: `gradient of ${name}`, error: error(found, data, atLeast), allowed: gradientError };
  }
  if (expected.inputGradient) {
    const found = error(actual.inputGradient!, expected.inputGradient);
    yield { what: "gradient of the input", error: found, allowed: gradientError };
  }
  if (expected.evaluationGradient) {
    const found = error(actual.evaluationGradient!, expected.evaluationGradient);
    yield { what: "gradient of the input in evaluation", error: found, allowed: gradientError };
  }
  for (const [name, { data }] of expected.after) {
    yield { what: `${name} afterwards`, error: error(actual.after.get(name)!.data, data), allowed };
  }
}

/** What differs by more than is allowed, in the batch (by seed) where it differs least. */
export async function differences(
  tested: EngineUnderTest,
  each: ConformanceCase,
  seeds: readonly number[],
  allowedInFloat32 = 1e-4,
): Promise<string[]> {
  const { name, input, layers, frozen, batch, targets, options, bf16GradientError } = each;
  const graph = buildGraph({ name, input, layers, frozen });
  const round = tested.precision === "bf16" ? roundToBf16 : undefined;
  const least = new Map<string, Comparison>();
  for (const seed of seeds) {
    const example = exampleFor(graph, batch, targets, { seed, ...(round && { round }) });
    const expected = await outcome(reference, graph, example, { batch, ...options });
    const actual = await outcome(tested, graph, example, { batch, ...options });
    expect([...actual.gradients.keys()]).toEqual([...expected.gradients.keys()]);
    for (const comparison of compare(actual, expected, tested, bf16GradientError, allowedInFloat32)) {
      if (comparison.error <= (least.get(comparison.what)?.error ?? Number.POSITIVE_INFINITY)) {
        least.set(comparison.what, comparison);
      }
    }
  }
  return [...least.values()]
    .filter(({ error, allowed }) => !(error <= allowed))
    .map(({ what, error, allowed }) => `${what}: ${error.toExponential(2)}, allowed ${allowed}`);
}
