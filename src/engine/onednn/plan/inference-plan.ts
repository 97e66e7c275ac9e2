/** Evaluation-mode forward pass on oneDNN. */
import type { Graph } from "../../../network/graph.ts";
import type { Immediate, InferencePlan, PlanOptions } from "../../engine.ts";
import type { Runtime } from "../library/runtime.ts";
import { buildForward } from "./forward-program.ts";

export function inferencePlan(
  runtime: Runtime,
  graph: Graph,
  options: PlanOptions,
  cacheBytes: number,
): Immediate<InferencePlan> {
  const { context, load, logits } = buildForward(runtime, graph, options, "inference", { cacheBytes });
  const { program, store } = context;
  const { values } = store.allocate();
  const section = { from: 0, to: program.mark };
  program.seal();
  const keys = graph.parameters.map(({ name }) => [name, name] as const);
  return {
    batch: options.batch,
    precision: options.precision ?? "f32",
    setParameters: (parameters) => store.write(parameters, values, keys),
    infer(input) {
      load(input);
      program.run(section);
      return logits;
    },
    dispose: () => program.dispose(),
  };
}
