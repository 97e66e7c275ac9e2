/** Evaluation-mode forward pass on oneDNN, with the gradient of its logits with respect to its input. */
import type { Graph } from "../../../network/graph.ts";
import { checkInferenceOptions, checkLogitWeights, requireTensor } from "../../checks.ts";
import type { Immediate, InferencePlan, InferencePlanOptions } from "../../engine.ts";
import type { Runtime } from "../library/runtime.ts";
import { floats } from "../program/value.ts";
import { buildBackward } from "./backward-program.ts";
import { evaluationGraph } from "./evaluation-graph.ts";
import { buildForward } from "./forward-program.ts";

/** Builds a plan that infers and gives the gradient of its logits with respect to its input. */
export function inputGradientPlan(
  runtime: Runtime,
  network: Graph,
  options: InferencePlanOptions,
  cacheBytes: number,
): Immediate<InferencePlan> {
  checkInferenceOptions(network, options);
  const graph = evaluationGraph(network);
  const forward = buildForward(runtime, graph, options, "training", { inputGradient: true, cacheBytes });
  const { context, logits, output, input, load } = forward;
  const { program, store } = context;
  program.addDeferred();
  const afterForward = program.mark;
  const logitGradient = program.persistent(program.rowMajor(output.descriptor.dimensions, "f32"));
  const inputGradient = program.persistent(program.rowMajor(input.descriptor.dimensions, "f32"));
  buildBackward(forward, logitGradient, inputGradient);
  program.addDeferred();
  const { values } = store.allocate();
  const sections = {
    forward: { from: 0, to: afterForward },
    backward: { from: afterForward, to: program.mark },
  };
  const executable = program.compile();
  const keys = graph.parameters.map(({ name }) => [name, name] as const);
  // The backward pass overwrites what the forward pass left it.
  let isForwardDone = false;
  return {
    batch: options.batch,
    precision: options.precision ?? "f32",
    setParameters(parameters) {
      for (const spec of network.parameters) requireTensor(parameters, spec);
      store.write(parameters, values, keys);
      isForwardDone = false;
    },
    infer(images) {
      load(images);
      executable.run(sections.forward);
      isForwardDone = true;
      return logits;
    },
    inputGradient(logitWeights) {
      checkLogitWeights(network, options.batch, logitWeights);
      if (!isForwardDone) executable.run(sections.forward);
      floats(logitGradient).set(logitWeights);
      executable.run(sections.backward);
      isForwardDone = false;
      return floats(inputGradient).slice();
    },
    dispose: () => program.dispose(),
  };
}
