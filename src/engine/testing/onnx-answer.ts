/** For tests: what an engine gives for an ONNX node. */
import { buildGraph } from "../../network/graph.ts";
import { flatten } from "../../network/layer.ts";
import { elements } from "../../tensor.ts";
import type { ImmediateEngine } from "../engine.ts";
import { sgd } from "../optimizer.ts";
import type { Translation } from "./onnx-translation.ts";

/** Image by image, channels first. */
function answerByImage(engine: ImmediateEngine, translation: Translation): Float32Array {
  const { batch, maps, layers, parameters, input, training = false } = translation;
  const [channels, height, width] = maps as [number, number, number];
  const graph = buildGraph({ name: "node", input: { channels, height, width }, layers: [...layers, flatten()] });
  const tensors = new Map(
    graph.parameters.map(({ name, shape }) => {
      const data = Float32Array.from(parameters[name]!);
      if (data.length !== elements(shape)) throw new Error(`${name} has ${data.length} values`);
      return [name, { shape, data }];
    }),
  );
  const values = Float32Array.from(input);
  if (!training) {
    const plan = engine.inferencePlan(graph, { batch });
    plan.setParameters(tensors);
    const answer = plan.infer(values).slice();
    plan.dispose();
    return answer;
  }
  const plan = engine.trainingPlan(graph, { batch, optimizer: sgd() });
  plan.setParameters(tensors);
  const { logits } = plan.computeGradients(values, new Float32Array(batch * graph.classes));
  const answer = logits.slice();
  plan.dispose();
  return answer;
}

/** All values that the node's network computes in float32, in the order of the node's output. */
export const answerOf = (engine: ImmediateEngine, translation: Translation): Float32Array =>
  (translation.output ?? ((values) => values))(answerByImage(engine, translation));
