/** Frozen layers keep their weights bit for bit, cost no backward pass and leave the optimizer nothing to remember of them. */
import { describe, expect, test } from "vitest";
import { buildGraph } from "../network/graph.ts";
import { batchNorm, conv2d, dense, dropout, flatten, maxPool, normalize, relu, residual } from "../network/layer.ts";
import { onednnEngine } from "./onednn/onednn-engine.ts";
import { adam } from "./optimizer.ts";
import { exampleFor } from "./testing/conformance-cases.ts";
import { enginesUnderTest, onednnEngines, onednnMissing } from "./testing/engines-under-test.ts";

const batch = 4;
const network = {
  name: "frozen",
  input: { channels: 3, height: 12, width: 12 },
  layers: [
    normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
    conv2d(16, 3, { bias: false }),
    batchNorm(),
    relu(),
    residual([conv2d(16, 3, { bias: false }), batchNorm()], [], { stochasticDepth: 0.5 }),
    dropout(0.5),
    maxPool(2),
    conv2d(8, 3, { bias: false }),
    batchNorm(),
    relu(),
    flatten(),
    dense(3),
  ],
};
const frozen = 7;
const graph = buildGraph({ ...network, frozen });
const example = exampleFor(graph, batch, "hard");
const isFrozen = (name: string) => Number.parseInt(name, 10) < frozen;
const trainable = graph.parameters.filter((spec) => spec.trainable).map(({ name }) => name);

describe.each(enginesUnderTest)("$title", ({ engine, precision }) => {
  const planWith = (parameters = example.parameters) => {
    const plan = engine.trainingPlan(graph, { batch, precision, optimizer: adam() });
    plan.setParameters(parameters);
    return plan;
  };

  test("moves all but the frozen parameters, which stay the same bits", () => {
    const plan = planWith();
    for (let step = 0; step < 3; step++) {
      plan.computeGradients(example.input, example.targets);
      expect(plan.update(0.01)).toBe(true);
    }
    const after = plan.parameters();
    expect([...after.keys()]).toEqual(graph.parameters.map(({ name }) => name));
    for (const [name, { data }] of after) {
      const before = example.parameters.get(name)!.data;
      if (isFrozen(name)) expect(Float32Array.from(data), name).toEqual(before);
      else expect(Float32Array.from(data), name).not.toEqual(before);
    }
    plan.dispose();
  });

  test("gives gradients and optimizer state of what trains, and takes that state back", () => {
    const plan = planWith();
    plan.computeGradients(example.input, example.targets);
    plan.update(0.01);
    expect([...plan.gradients().keys()]).toEqual(trainable);
    const state = plan.optimizerState();
    expect([...state.tensors.keys()].toSorted()).toEqual(
      trainable.flatMap((name) => [`mean.${name}`, `meanSquare.${name}`]).toSorted(),
    );
    const resumed = planWith(plan.parameters() as typeof example.parameters);
    resumed.setOptimizerState(state);
    for (const each of [plan, resumed]) {
      each.computeGradients(example.input, example.targets);
      each.update(0.01);
    }
    expect(resumed.parameters()).toEqual(plan.parameters());
    plan.dispose();
    resumed.dispose();
  });

  test("an update says that a frozen weight is no finite number", () => {
    const { shape, data } = example.parameters.get("1.weight")!;
    const spoilt = Float32Array.from(data, (value, i) => (i === 5 ? Number.NaN : value));
    const plan = planWith(new Map(example.parameters).set("1.weight", { shape, data: spoilt }));
    plan.computeGradients(example.input, example.targets);
    expect(plan.update(0.01)).toBe(false);
    plan.dispose();
  });
});

describe.skipIf(onednnEngines.length === 0)(`a plan of oneDNN${onednnMissing}`, () => {
  const labelsOf = (of: typeof graph, section: "backward" | "update") => {
    const plan = onednnEngine().trainingPlan(of, { batch, optimizer: adam() });
    const { from, to } = plan.sections[section];
    const labels = Array.from({ length: to - from }, (_, i) => plan.instruction(from + i).label);
    plan.dispose();
    return labels;
  };

  test("has no backward pass of frozen layers, nor one of the first other layer's input", () => {
    const labels = labelsOf(graph, "backward");
    expect(labels.filter(isFrozen)).toEqual([]);
    expect(labels).toContain("7 backward weights");
    expect(labels).not.toContain("7 backward data");
    expect(labelsOf(buildGraph(network), "backward")).toContain("7 backward data");
  });
});
