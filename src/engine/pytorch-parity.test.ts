import { describe, expect, test } from "vitest";
import { buildGraph } from "../network/graph.ts";
import { dense, flatten, relu } from "../network/layer.ts";
import { trainingLoss } from "./loss.ts";
import { onednnEngine } from "./onednn/onednn-engine.ts";
import { adam, adamW, lion, type Optimizer, rmsProp, sgd } from "./optimizer.ts";
import { formulaParameters, formulaUniform } from "./reference-numbers/formula.ts";
import {
  familyNames,
  lossRecords,
  networkRecords,
  optimizerRecords,
  type RecordedName,
  recordedNetworks,
  recordedProblem,
  summarise,
  type TensorSummary,
} from "./reference-numbers/records.ts";
import { normError, relativeError } from "./testing/conformance-cases.ts";
import { enginesUnderTest, onednnEngines } from "./testing/engines-under-test.ts";
import { engines, floorOf, isLeftOut, toleranceOf, wholeNames } from "./testing/pytorch-tolerances.ts";

/** The L2 regularisation of the two layers. */
type L2 = readonly [number, number];

function expectSummary(actual: ArrayLike<number>, recorded: TensorSummary, tolerance: number, what: string): void {
  const { norm, sum, samples } = summarise(actual, recorded.samples.length);
  const size = Math.max(recorded.norm, floorOf(recorded.norm));
  expect(Math.abs(norm - recorded.norm), `${what}: norm`).toBeLessThanOrEqual(tolerance * size);
  const typical = size / Math.sqrt(actual.length);
  const sumTolerance = tolerance * Math.max(Math.abs(recorded.sum), size);
  expect(Math.abs(sum - recorded.sum), `${what}: sum`).toBeLessThanOrEqual(sumTolerance);
  expect(relativeError(samples, recorded.samples, typical), `${what}: samples`).toBeLessThanOrEqual(tolerance);
}

describe.each(engines)("$title against PyTorch's recorded numbers", (tested) => {
  const { engine, title } = tested;
  const records = networkRecords();

  const names = (Object.keys(recordedNetworks) as RecordedName[]).filter((name) => !isLeftOut(title, name));
  test.each(names)("network %s", (name) => {
    const record = records[name];
    const tolerance = toleranceOf(title, name);
    const { graph, parameters, input, targets } = recordedProblem(name, record);
    const inputGradient = graph.inputType === "float32";

    const inference = engine.inferencePlan(graph, { batch: record.batch, precision: "f32" });
    inference.setParameters(parameters);
    const evaluation = relativeError(inference.infer(input), record.evaluationLogits);
    expect(evaluation, "evaluation logits").toBeLessThanOrEqual(tolerance);
    inference.dispose();

    const { batch } = record;
    const plan = engine.trainingPlan(graph, { batch, optimizer: sgd(), inputGradient, precision: "f32" });
    plan.setParameters(parameters);
    const { loss, logits } = plan.computeGradients(input, targets);
    expect(Math.abs(loss - record.loss) / record.loss, "loss").toBeLessThanOrEqual(tolerance);
    expect(relativeError(logits, record.logits), "logits").toBeLessThanOrEqual(tolerance);

    const gradients = plan.gradients();
    expect([...gradients.keys()]).toEqual(Object.keys(record.gradients));
    for (const [parameter, { data }] of gradients) {
      expectSummary(data, record.gradients[parameter]!, tolerance, parameter);
    }
    const after = plan.parameters();
    for (const [parameter, summary] of Object.entries(record.running)) {
      expectSummary(after.get(parameter)!.data, summary, tolerance, parameter);
    }
    if (inputGradient) expectSummary(plan.inputGradient(), record.inputGradient, tolerance, "input");
    plan.dispose();
  });
});

/** The updates of processors without AVX-512, too. */
const optimizing = [
  ...engines,
  ...onednnEngines
    .filter(({ precision }) => precision === "f32")
    .map(({ title }) => ({ title: `${title} without kernels`, engine: onednnEngine({ kernels: false }) })),
];

describe.each(optimizing)("$title against PyTorch's optimizers", ({ engine, title }) => {
  // Primitives round after every operation.
  const tolerance = toleranceOf(title) * (title.endsWith("without kernels") ? 3 : 1);
  const graphWith = ([first, second]: L2) =>
    buildGraph({
      name: "small",
      input: { channels: 6, height: 1, width: 1 },
      layers: [flatten(), dense(8, { l2: first }), relu(), dense(3, { l2: second })],
    });

  const optimizers: Readonly<Record<string, readonly [Optimizer, rate: number, l2?: L2, sam?: number]>> = {
    sgd: [sgd({ momentum: 0 }), 0.05],
    sgdMomentum: [sgd({ momentum: 0.9 }), 0.05],
    sgdMomentumDecay: [sgd({ momentum: 0.8, weightDecay: 0.02 }), 0.05],
    adam: [adam(), 0.01],
    adamDecay: [adam({ beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.02 }), 0.01],
    adamW: [adamW({ weightDecay: 0.05 }), 0.01],
    sgdNesterov: [sgd({ nesterov: true }), 0.05],
    sgdNesterovDecay: [sgd({ momentum: 0.8, nesterov: true, weightDecay: 0.02 }), 0.05],
    rmsProp: [rmsProp(), 0.005],
    rmsPropMomentumDecay: [rmsProp({ rho: 0.9, epsilon: 1e-6, momentum: 0.7, weightDecay: 0.02 }), 0.002],
    lion: [lion(), 0.003],
    lionDecay: [lion({ beta1: 0.8, beta2: 0.95, weightDecay: 0.1 }), 0.003],
    sgdClipNorm: [sgd({ clipNorm: 0.2 }), 0.05],
    adamWClipNorm: [adamW({ weightDecay: 0.05, clipNorm: 0.2 }), 0.01],
    sgdClipValue: [sgd({ weightDecay: 0.02, clipValue: 0.03 }), 0.05],
    adamCentralize: [adam({ centralize: true }), 0.01],
    sgdL2: [sgd(), 0.05, [0.01, 0]],
    adamWL2: [adamW({ weightDecay: 0.05 }), 0.01, [0.02, 0]],
    sgdL2ClipNorm: [sgd({ clipNorm: 0.2 }), 0.05, [0.03, 0.01]],
    sgdSam: [sgd(), 0.05, [0, 0], 0.5],
    lionAll: [lion({ weightDecay: 0.1, centralize: true, clipNorm: 0.1 }), 0.003, [0.01, 0]],
  };

  test("has a record of every optimizer", () => {
    expect(Object.keys(optimizers).sort()).toEqual(Object.keys(optimizerRecords()).sort());
  });

  test.each(Object.entries(optimizers))("100 updates with %s", (name, [optimizer, rate, l2 = [0, 0], sam = 0]) => {
    const graph = graphWith(l2);
    const record = optimizerRecords()[name]!;
    const batch = 12;
    const plan = engine.trainingPlan(graph, { batch, optimizer, precision: "f32", sharpnessAware: sam > 0 });
    plan.setParameters(formulaParameters(graph));
    let loss = 0;
    for (let step = 0; step < 100; step++) {
      const input = formulaUniform(batch * 6, 100 + step, 0, 1);
      const targets = new Float32Array(batch * 3);
      for (let row = 0; row < batch; row++) {
        const features = [...input.subarray(row * 6, row * 6 + 3)];
        targets[row * 3 + features.indexOf(Math.max(...features))] = 1;
      }
      loss = plan.computeGradients(input, targets).loss;
      if (sam > 0) {
        plan.perturb(sam);
        plan.computeGradients(input, targets);
        plan.restore();
      }
      plan.update(rate);
    }
    expect(Math.abs(loss - record.lastLoss) / record.lastLoss, "last loss").toBeLessThanOrEqual(tolerance);
    [...plan.parameters()].forEach(([parameter, { data }], i) => {
      expect(relativeError(data, record.parameters[i]!), parameter).toBeLessThanOrEqual(tolerance);
    });
    plan.dispose();
  });
});

describe.each(enginesUnderTest.filter(({ precision }) => precision === "bf16"))("$title", ({ engine }) => {
  test.each([...wholeNames, ...familyNames])("%s: bf16 costs no more accuracy than in PyTorch", (name) => {
    const record = networkRecords()[name];
    const { graph, parameters, input, targets } = recordedProblem(name, record);
    const [rounded, exact] = (["bf16", "f32"] as const).map((precision) => {
      const plan = engine.trainingPlan(graph, { batch: record.batch, optimizer: sgd(), precision });
      plan.setParameters(parameters);
      plan.computeGradients(input, targets);
      const gradients = [...plan.gradients().values()].flatMap(({ data }) => Array.from(data));
      plan.dispose();
      return gradients;
    });
    expect(normError(rounded!, exact!)).toBeLessThan(1.25 * record.bf16Error);
    expect(rounded).not.toEqual(exact);
  });
});

describe("softmax cross-entropy against PyTorch's recorded numbers", () => {
  test.each(Object.entries(lossRecords()))("%s", (_, { logits, targets, weights, smoothing, loss, gradient }) => {
    const computed = new Float64Array(logits.length);
    const classes = 5;
    const options = { classWeights: weights ?? undefined, labelSmoothing: smoothing };
    const value = trainingLoss(Float64Array.from(logits), Float64Array.from(targets), classes, options, computed);
    expect(value).toBeCloseTo(loss, 10);
    expect(relativeError(computed, gradient)).toBeLessThan(1e-10);
  });
});
