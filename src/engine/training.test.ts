/** What every engine must do beyond one step: updates, state that continues, repeatability, refusals, and learning. */
import { describe, expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { buildGraph } from "../network/graph.ts";
import {
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAveragePool,
  type Layer,
  maxPool,
  normalize,
  relu,
  residual,
} from "../network/layer.ts";
import { initialParameters } from "../network/parameters.ts";
import { Random } from "../random.ts";
import type { Tensors } from "../tensor.ts";
import type { Immediate, TrainingPlan } from "./engine.ts";
import { adam, adamW, lion, type Optimizer, rmsProp, sgd } from "./optimizer.ts";
import { exampleFor, relativeError } from "./testing/conformance-cases.ts";
import { type EngineUnderTest, enginesUnderTest, reference } from "./testing/engines-under-test.ts";

const BATCH = 4;

const convNorm = (filters: number): Layer[] => [conv2d(filters, 3, { bias: false }), batchNorm()];

const graph = buildGraph({
  name: "small",
  input: { channels: 3, height: 8, width: 8 },
  layers: [
    normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
    ...convNorm(6),
    relu(),
    maxPool(2),
    dropout(0.2),
    flatten(),
    dense(5),
  ],
});

const optimizers: readonly (readonly [name: string, optimizer: Optimizer, rate: number])[] = [
  ["sgd", sgd({ momentum: 0 }), 0.05],
  ["sgd with momentum", sgd({ momentum: 0.9 }), 0.02],
  ["sgd with momentum and decay", sgd({ momentum: 0.9, weightDecay: 0.05 }), 0.02],
  ["adam", adam(), 1e-3],
  ["adam with decay", adam({ weightDecay: 0.05 }), 1e-3],
  ["adamW", adamW({ weightDecay: 0.1 }), 1e-3],
  ["sgd with Nesterov's momentum", sgd({ nesterov: true, weightDecay: 0.05 }), 0.02],
  ["rmsProp", rmsProp({ momentum: 0.5, weightDecay: 0.05 }), 1e-3],
  ["lion", lion({ weightDecay: 0.1 }), 1e-3],
  ["sgd of centralised gradients, clipped by norm", sgd({ centralize: true, clipNorm: 0.1, weightDecay: 0.05 }), 0.1],
  ["adamW of gradients clipped by value", adamW({ clipValue: 1e-3, epsilon: 1e-4 }), 1e-3],
];

const examples = Array.from({ length: 5 }, (_, i) => exampleFor(graph, BATCH, "hard", { seed: 20 + i }));

function start({ engine, precision }: EngineUnderTest, optimizer: Optimizer, seed = 3): Immediate<TrainingPlan> {
  const plan = engine.trainingPlan(graph, { batch: BATCH, optimizer, precision, seed });
  plan.setParameters(examples[0]!.parameters);
  return plan;
}

function train(plan: Immediate<TrainingPlan>, updates: number, rate: number): void {
  for (let i = 0; i < updates; i++) {
    const { input, targets } = examples[i % examples.length]!;
    plan.computeGradients(input, targets);
    plan.update(rate);
  }
}

const values = (tensors: Tensors) => [...tensors].map(([name, { shape, data }]) => ({ name, shape, data: [...data] }));

const notReference = enginesUnderTest.filter((tested) => tested !== reference && tested.precision === "f32");

describe.each(notReference)("$title", (tested) => {
  test.each(optimizers)("20 updates with %s end where the reference's end", (_, optimizer, rate) => {
    const [actual, expected] = [tested, reference].map((each) => {
      const plan = start(each, optimizer);
      train(plan, 20, rate);
      const end = { parameters: plan.parameters(), state: plan.optimizerState() };
      plan.dispose();
      return end;
    });
    expect(actual!.state.updates).toBe(20);
    for (const [name, { data }] of expected!.parameters) {
      expect(relativeError(actual!.parameters.get(name)!.data, data), name).toBeLessThan(1e-4);
    }
    expect([...actual!.state.tensors.keys()].sort()).toEqual([...expected!.state.tensors.keys()].sort());
    for (const [name, { data, shape }] of expected!.state.tensors) {
      expect(actual!.state.tensors.get(name)!.shape).toEqual(shape);
      expect(relativeError(actual!.state.tensors.get(name)!.data, data), name).toBeLessThan(1e-3);
    }
  });
});

describe.each(enginesUnderTest)("$title", (tested) => {
  test.each(optimizers)("%s goes on from saved parameters and state as if it had not stopped", (_, optimizer, rate) => {
    const straight = start(tested, optimizer);
    train(straight, 7, rate);
    const resumed = start(tested, optimizer);
    resumed.setParameters(straight.parameters());
    resumed.setOptimizerState(straight.optimizerState());
    expect(values(resumed.optimizerState().tensors)).toEqual(values(straight.optimizerState().tensors));
    expect(resumed.optimizerState().updates).toBe(7);
    train(straight, 5, rate);
    train(resumed, 5, rate);
    expect(values(resumed.parameters())).toEqual(values(straight.parameters()));
    straight.dispose();
    resumed.dispose();
  });

  test("the same seed gives the same weights, bit for bit, and another seed others", () => {
    const [first, second, other] = [3, 3, 4].map((seed) => {
      const plan = start(tested, adam(), seed);
      train(plan, 6, 1e-2);
      const result = values(plan.parameters());
      plan.dispose();
      return result;
    });
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test("perturbs along the gradients by the radius, and takes that back bit for bit, with what running statistics did", () => {
    const { engine, precision } = tested;
    const plan = engine.trainingPlan(graph, { batch: BATCH, optimizer: sgd(), precision, sharpnessAware: true });
    plan.setParameters(examples[0]!.parameters);
    const { input, targets } = examples[0]!;
    plan.computeGradients(input, targets);
    const [before, gradients] = [plan.parameters(), plan.gradients()];
    expect(plan.perturb(0.3)).toBe(true);
    const squares = [...gradients.values()].flatMap(({ data }) => Array.from(data, (value) => value * value));
    const norm = Math.sqrt(squares.reduce((sum, value) => sum + value, 0));
    const perturbed = plan.parameters();
    for (const [name, { data }] of gradients) {
      const wanted = Array.from(data, (value, i) => before.get(name)!.data[i]! + (0.3 * value) / norm);
      expect(relativeError(perturbed.get(name)!.data, wanted), name).toBeLessThan(1e-5);
    }
    plan.computeGradients(input, targets);
    expect(values(plan.gradients())).not.toEqual(values(gradients));
    plan.restore();
    expect(values(plan.parameters())).toEqual(values(before));
    expect(() => plan.restore()).toThrow("restore: the weights are not perturbed; call perturb first");
    plan.computeGradients(
      input,
      targets.map((value, i) => (i === 0 ? Number.NaN : value)),
    );
    expect(plan.perturb(0.3)).toBe(false);
    plan.dispose();
    const plain = start(tested, sgd());
    expect(() => plain.perturb(1)).toThrow("perturb: not prepared; make the plan with the option sharpnessAware: true");
    plain.dispose();
  });

  test("averages parameters with running statistics, in double precision", () => {
    const plan = start(tested, sgd());
    expect(() => plan.average()).toThrow(
      "average: there is none yet; give one to setAverage first, such as the parameters",
    );
    expect(() => plan.updateAverage(0.5)).toThrow("average: there is none yet");
    const first = plan.parameters();
    plan.setAverage(first);
    train(plan, 3, 0.1);
    const last = plan.parameters();
    plan.updateAverage(0.7);
    for (const [name, { data, shape }] of plan.average()) {
      expect(shape).toEqual(first.get(name)!.shape);
      const wanted = Array.from(data, (_, i) =>
        Math.fround(0.7 * Math.fround(first.get(name)!.data[i]!) + (1 - 0.7) * last.get(name)!.data[i]!),
      );
      expect([...data], name).toEqual(wanted);
    }
    expect(values(plan.parameters())).toEqual(values(last));
    plan.dispose();
  });

  test("measures the mean statistics of batches and changes nothing else", () => {
    const plan = start(tested, sgd());
    const before = plan.parameters();
    // By the momentum of 0.1, each of them alone.
    const alone = [0, 1].map((i) => {
      plan.setParameters(before);
      plan.computeGradients(examples[i]!.input, examples[i]!.targets);
      return plan.parameters();
    });
    plan.setParameters(before);
    plan.measureStatistics(examples[0]!.input, 1);
    plan.measureStatistics(examples[1]!.input, 1 / 2);
    for (const [name, { data }] of plan.parameters()) {
      const old = before.get(name)!.data;
      if (!name.includes("running")) expect([...data], name).toEqual([...old]);
      else {
        const moved = alone.map((one) => one.get(name)!.data);
        const wanted = Array.from(old, (value, i) => value + 5 * (moved[0]![i]! + moved[1]![i]! - 2 * value));
        expect(relativeError(data, wanted), name).toBeLessThan(1e-4);
      }
    }
    plan.dispose();
  });

  test("parameters come back as they were set, with the graph's names and shapes", () => {
    const { parameters } = examples[1]!;
    const plan = start(tested, sgd());
    plan.setParameters(parameters);
    expect(values(plan.parameters())).toEqual(values(parameters));
    plan.dispose();
  });

  test("weights only decay where their role is weight", () => {
    const { input } = examples[0]!;
    const plan = start(tested, sgd({ momentum: 0, weightDecay: 0.5 }));
    plan.computeGradients(input, new Float32Array(BATCH * graph.classes)); // no image counts: every gradient is zero
    const before = plan.parameters();
    plan.update(0.1);
    for (const { name, role } of graph.parameters) {
      const expected = Array.from(before.get(name)!.data, (value) => (role === "weight" ? value * 0.95 : value));
      expect(relativeError(plan.parameters().get(name)!.data, expected), name).toBeLessThan(1e-6);
    }
    plan.dispose();
  });

  test("tiny: eight images are overfitted to a loss below 0.01", () => {
    const network = buildGraph({
      name: "tiny",
      input: { channels: 3, height: 16, width: 16 },
      layers: [
        normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
        ...convNorm(8),
        relu(),
        maxPool(2),
        residual([...convNorm(8), relu(), ...convNorm(8)]),
        relu(),
        globalAveragePool(),
        dense(4),
      ],
    });
    const { engine, precision } = tested;
    const { input, targets } = exampleFor(network, 8, "hard", { seed: 5 });
    const plan = engine.trainingPlan(network, { batch: 8, optimizer: adam(), precision });
    plan.setParameters(initialParameters(network.parameters, Random.of(6)));
    const losses: number[] = [];
    while (losses.length < 200 && (losses.at(-1) ?? 1) >= 0.01) {
      losses.push(plan.computeGradients(input, targets).loss);
      plan.update(0.01);
    }
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(losses.at(-1)).toBeLessThan(0.01);
    plan.dispose();
  });

  describe("refuses, saying what it expected and what it got,", () => {
    const { engine, precision } = tested;
    const options = { batch: BATCH, optimizer: sgd(), precision };
    const { input, targets, parameters } = examples[0]!;
    const floats = buildGraph({
      name: "floats",
      input: { channels: 2, height: 2, width: 2 },
      layers: [flatten(), dense(3)],
    });

    test.each([
      [
        "an input of another length",
        () => start(tested, sgd()).computeGradients(new Uint8Array(5), targets),
        /input: expected 768 values.* got 5/,
      ],
      [
        "floats where bytes are due",
        () => start(tested, sgd()).computeGradients(new Float32Array(768), targets),
        /input: expected uint8.* got/,
      ],
      [
        "bytes where floats are due",
        () => engine.inferencePlan(floats, { batch: 1, precision }).infer(new Uint8Array(8)),
        /input: expected float32.* got/,
      ],
      [
        "an input of another length in evaluation",
        () => engine.inferencePlan(floats, { batch: 1, precision }).infer(new Float32Array(9)),
        /input: expected 8 values.* got 9/,
      ],
      [
        "targets of another length",
        () => start(tested, sgd()).computeGradients(input, new Float32Array(3)),
        /targets: expected 20 values.* got 3/,
      ],
      [
        "a missing parameter",
        () => start(tested, sgd()).setParameters(new Map()),
        /parameter 1.weight: expected 6x3x3x3, got none/,
      ],
      [
        "a parameter of another shape",
        () =>
          start(tested, sgd()).setParameters(
            new Map([...parameters, ["7.bias", { shape: [4], data: new Float32Array(4) }]]),
          ),
        /parameter 7.bias: expected 5, got 4/,
      ],
      [
        "optimizer state of another optimizer",
        () => start(tested, adam()).setOptimizerState(start(tested, sgd()).optimizerState()),
        /mean.1.weight: expected 6x3x3x3, got none/,
      ],
      ["a batch of 0", () => engine.trainingPlan(graph, { ...options, batch: 0 }), /batch: expected .* got 0/],
      [
        "a wrong number of class weights",
        () => engine.trainingPlan(graph, { ...options, classWeights: [1, 2] }),
        /classWeights: expected 5 .* got 2/,
      ],
      [
        "class weights that have nothing to weigh",
        () => engine.trainingPlan(graph, { ...options, batch: 1, classWeights: [1, 2, 3, 4, 5] }),
        /classWeights: .* a batch of 1 .* larger batch/,
      ],
      [
        "focusing and logit adjustment together",
        () => engine.trainingPlan(graph, { ...options, focusing: 2, logitOffsets: [-1, -2, -3, -2, -1] }),
        /logitOffsets: not together with focusing/,
      ],
      [
        "smoothing that leaves nothing",
        () => engine.trainingPlan(graph, { ...options, labelSmoothing: 1 }),
        /labelSmoothing: expected a number in \[0, 1\), got 1/,
      ],
      [
        "the gradient of bytes",
        () => engine.trainingPlan(graph, { ...options, inputGradient: true }),
        /inputGradient: .* bytes/,
      ],
      [
        "an input gradient that was not asked for",
        () => start(tested, sgd()).inputGradient(),
        /inputGradient: .* option/,
      ],
      [
        "the gradient of bytes in evaluation",
        () => engine.inferencePlan(graph, { batch: 1, precision, inputGradient: true }),
        /inputGradient: .* bytes/,
      ],
      [
        "an input gradient in evaluation that was not asked for",
        () => engine.inferencePlan(floats, { batch: 1, precision }).inputGradient(new Float32Array(4)),
        /inputGradient: .* option/,
      ],
      [
        "logit weights of another length",
        () => {
          const plan = engine.inferencePlan(floats, { batch: 1, precision, inputGradient: true });
          plan.infer(new Float32Array(8));
          return plan.inputGradient(new Float32Array(9));
        },
        /logitWeights: expected .* got 9/,
      ],
      [
        "batch normalisation of single values",
        () =>
          engine.trainingPlan(
            buildGraph({
              name: "one",
              input: { channels: 3, height: 1, width: 1 },
              layers: [batchNorm(), flatten(), dense(2)],
            }),
            { ...options, batch: 1 },
          ),
        /layer 0: batchNorm needs .* batch of at least 2/,
      ],
    ] as const)("%s", (_, refused, message) => {
      expect(refused).toThrow(EngineError);
      expect(refused).toThrow(message);
    });
  });
});

test("the reference engine refuses bf16", () => {
  const plan = () => reference.engine.inferencePlan(graph, { batch: 1, precision: "bf16" });
  expect(plan).toThrow("precision bf16: the reference engine computes in float64; use precision f32");
});
