/** Evaluation-mode forward pass on oneDNN. */
import type { Graph } from "../../../network/graph.ts";
import { withoutInputGradient } from "../../checks.ts";
import type { Immediate, InferencePlan, InferencePlanOptions } from "../../engine.ts";
import type { Runtime } from "../library/runtime.ts";
import { buildForward } from "./forward-program.ts";
import { inputGradientPlan } from "./input-gradient-plan.ts";

/** Builds a plan that infers, with the input's gradient where that is asked for. */
export function inferencePlan(
  runtime: Runtime,
  graph: Graph,
  options: InferencePlanOptions,
  cacheBytes: number,
): Immediate<InferencePlan> {
  if (options.inputGradient) return inputGradientPlan(runtime, graph, options, cacheBytes);
  const { context, load, logits } = buildForward(runtime, graph, options, "inference", { cacheBytes });
  const { program, store } = context;
  const { values } = store.allocate();
  const section = { from: 0, to: program.mark };
  const executable = program.compile();
  const keys = graph.parameters.map(({ name }) => [name, name] as const);
  return {
    batch: options.batch,
    precision: options.precision ?? "f32",
    setParameters: (parameters) => store.write(parameters, values, keys),
    infer(input) {
      load(input);
      executable.run(section);
      return logits;
    },
    inputGradient() {
      throw withoutInputGradient();
    },
    dispose: () => program.dispose(),
  };
}
