/** Whether an engine does on this machine what it should: a small network of every family judges as the reference engine does and takes a step. */
import { buildGraph, type Graph } from "../network/graph.ts";
import type { Network } from "../network/layer.ts";
import { initialParameters } from "../network/parameters.ts";
import { smallNetworks } from "../network/small-networks.ts";
import { Random } from "../random.ts";
import { elements, type Tensors } from "../tensor.ts";
import type { Engine, Precision } from "./engine.ts";
import { adam } from "./optimizer.ts";
import { referenceEngine } from "./reference/reference-engine.ts";

/** What came of one network in one precision. */
export interface SelfTestResult {
  /** The name of one of the small networks. */
  readonly network: string;
  readonly precision: Precision;
  /** One sentence; undefined where it trains and judges. */
  readonly problem: string | undefined;
}

const batch = 2;

/** Of the logits' length. Float32 differs by a millionth, bfloat16 by up to a fiftieth. */
const allowedError: { readonly [P in Precision]: number } = { f32: 1e-3, bf16: 0.1 };

interface Example {
  readonly graph: Graph;
  readonly parameters: Tensors;
  readonly images: Uint8Array;
  readonly targets: Float32Array;
}

function exampleOf(network: Network): Example {
  const graph = buildGraph(network);
  const random = Random.of(1);
  return {
    graph,
    parameters: initialParameters(graph.parameters, random),
    images: Uint8Array.from({ length: batch * elements(graph.inputShape) }, () => random.integer(256)),
    targets: Float32Array.from({ length: batch * graph.classes }, (_, i) => (i % graph.classes === 0 ? 1 : 0)),
  };
}

/** Each network in each precision that the engine says it has; a few seconds. Nothing is thrown. */
export async function selfTest(engine: Engine): Promise<readonly SelfTestResult[]> {
  const results: SelfTestResult[] = [];
  for (const network of smallNetworks) {
    const example = exampleOf(network);
    const expected = await judge(referenceEngine(), example, "f32");
    for (const precision of engine.description.precisions) {
      const problem = await problemOf(engine, example, precision, expected).catch((error: Error) => error.message);
      results.push({ network: network.name, precision, problem });
    }
  }
  return results;
}

async function problemOf(
  engine: Engine,
  example: Example,
  precision: Precision,
  expected: Float32Array,
): Promise<string | undefined> {
  const error = relativeError(await judge(engine, example, precision), expected);
  if (!(error <= allowedError[precision])) {
    return `its logits differ from the reference engine's by ${(100 * error).toPrecision(2)} %`;
  }
  return (await isFiniteAfterStep(engine, example, precision)) ? undefined : "a training step gives no finite numbers";
}

async function judge(engine: Engine, { graph, parameters, images }: Example, precision: Precision) {
  const plan = engine.inferencePlan(graph, { batch, precision });
  try {
    plan.setParameters(parameters);
    return Float32Array.from(await plan.infer(images));
  } finally {
    plan.dispose();
  }
}

async function isFiniteAfterStep(
  engine: Engine,
  { graph, parameters, images, targets }: Example,
  precision: Precision,
) {
  const plan = engine.trainingPlan(graph, { batch, precision, optimizer: adam() });
  try {
    plan.setParameters(parameters);
    const { loss } = await plan.computeGradients(images, targets);
    return (await plan.update(1e-3)) && Number.isFinite(loss);
  } finally {
    plan.dispose();
  }
}

function relativeError(values: Float32Array, expected: Float32Array): number {
  const length = (numbers: Float32Array) => Math.hypot(...numbers);
  return length(values.map((value, i) => value - expected[i]!)) / length(expected);
}
