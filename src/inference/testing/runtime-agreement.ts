import { expect } from "vitest";
import type { ImmediateEngine, InputBatch } from "../../engine/engine.ts";
import { softmax } from "../../engine/loss.ts";
import { exampleFor, relativeError } from "../../engine/testing/conformance-cases.ts";
import { buildGraph, type Graph } from "../../network/graph.ts";
import type { Network } from "../../network/layer.ts";
import { initialParameters } from "../../network/parameters.ts";
import { onnxModel } from "../../onnx/onnx-model.ts";
import { Random } from "../../random.ts";
import type { Tensors } from "../../tensor.ts";
import { importRuntime, type RuntimeName } from "../runtime.ts";

interface Outputs {
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
}

async function runtimeOutputs(
  runtime: RuntimeName,
  graph: Graph,
  parameters: Tensors,
  input: InputBatch,
): Promise<Outputs> {
  const { library, executionProvider } = await importRuntime(runtime);
  const classes = Array.from({ length: graph.classes }, (_, label) => `class ${label}`);
  const metadata = { classes, network: graph.network.name, dataFingerprint: "", version: "0.0.0" };
  library.env.logLevel = "fatal";
  const session = await library.InferenceSession.create(onnxModel(graph, parameters, metadata), {
    executionProviders: [executionProvider],
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const [channels, height, width] = graph.inputShape as readonly [number, number, number];
  const shape = graph.inputType === "uint8" ? [-1, height, width, channels] : [-1, channels, height, width];
  shape[0] = input.length / (channels * height * width);
  const outputs = await session.run({ images: new library.Tensor(graph.inputType, input, shape) }, [
    "logits",
    "probabilities",
  ]);
  await session.release();
  const data = (name: keyof Outputs) => outputs[name]!.data as Float32Array;
  return { logits: data("logits"), probabilities: data("probabilities") };
}

function engineOutputs(
  engine: ImmediateEngine,
  graph: Graph,
  parameters: Tensors,
  input: InputBatch,
  batch: number,
): Outputs {
  const plan = engine.inferencePlan(graph, { batch });
  try {
    plan.setParameters(parameters);
    const logits = plan.infer(input).slice();
    return { logits, probabilities: softmax(logits, graph.classes, new Float32Array(logits.length)) };
  } finally {
    plan.dispose();
  }
}

/** Random examples of a network, to a tolerance. */
export async function expectAgreement(
  engine: ImmediateEngine,
  network: Network,
  batch: number,
  seed: number,
  tolerance: number,
) {
  const graph = buildGraph(network);
  await expectSameOutputs(engine, graph, exampleFor(graph, batch, "hard", { seed }), batch, tolerance);
}

/** As training begins: in a deep network arbitrary normalisations make much of every rounding. */
export async function expectAgreementAtStart(engine: ImmediateEngine, network: Network, tolerance: number) {
  const graph = buildGraph(network);
  const batch = 2;
  const { input } = exampleFor(graph, batch, "hard", { seed: 1 });
  const parameters = initialParameters(graph.parameters, Random.of(1));
  await expectSameOutputs(engine, graph, { parameters, input }, batch, tolerance);
}

async function expectSameOutputs(
  engine: ImmediateEngine,
  graph: Graph,
  { parameters, input }: { readonly parameters: Tensors; readonly input: InputBatch },
  batch: number,
  tolerance: number,
) {
  const expected = engineOutputs(engine, graph, parameters, input, batch);
  for (const runtime of ["native", "webassembly"] as const) {
    const actual = await runtimeOutputs(runtime, graph, parameters, input);
    expect(actual.probabilities.length).toBe(batch * graph.classes);
    const worst = actual.probabilities.reduce(
      (largest, value, i) => Math.max(largest, Math.abs(value - expected.probabilities[i]!)),
      0,
    );
    expect(worst, runtime).toBeLessThan(tolerance);
    // A sure softmax hides differences that its logits show.
    expect(relativeError(actual.logits, expected.logits, 1), runtime).toBeLessThan(tolerance);
  }
}

/** Seeds of so many drawn networks, from one on. */
export const drawn = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);
