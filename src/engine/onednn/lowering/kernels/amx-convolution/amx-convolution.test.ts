/** Training with convolutions on tiles, joined with the normalisations around them, against the same without kernels. */
import { describe, expect, test } from "vitest";
import { buildGraph, type Graph } from "../../../../../network/graph.ts";
import {
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  type Layer,
  maxPool,
  relu,
  residual,
  squeezeExcite,
} from "../../../../../network/layer.ts";
import { sgd } from "../../../../optimizer.ts";
import { exampleFor, normError, roundToBf16 } from "../../../../testing/conformance-cases.ts";
import { kernels, kernelsMissing } from "../../../../testing/kernels-under-test.ts";
import { onednnEngine } from "../../../onednn-engine.ts";

const convNorm = (filters: number, stride = 1, kernel = 3): Layer[] => [
  conv2d(filters, kernel, { stride, bias: false }),
  batchNorm(),
];
const block = (filters: number, stride = 1): Layer[] => [...convNorm(filters, stride), relu(), ...convNorm(filters)];
const stem = (): Layer[] => [...convNorm(32), relu()];
/** Averages would make gradients the same all over a map, of which a normalisation leaves little but rounding. */
const head = (): Layer[] => [flatten(), dense(5)];

/** With the labels of what normalisations do in passes of their own: as little as can be where several read or make a map. */
const networks: Readonly<Record<string, { readonly layers: readonly Layer[]; readonly alone: readonly string[] }>> = {
  chain: { layers: [...stem(), ...convNorm(64), relu(), ...head()], alone: ["4 normalize", "4 gradient sums"] },
  strided: { layers: [...stem(), ...convNorm(64, 2, 5), relu(), ...head()], alone: ["4 normalize", "4 gradient sums"] },
  identity: {
    layers: [...stem(), residual(block(32)), relu(), residual(block(32)), relu(), ...head()],
    alone: ["5.body.4 normalize", "5.body.4 gradient sums"],
  },
  projection: {
    layers: [...stem(), residual(block(64, 2), convNorm(64, 2, 1)), relu(), ...head()],
    alone: ["3.body.4 normalize", "3.body.4 gradient sums", "3.shortcut.1 gradient sums"],
  },
  "rectified projection": {
    layers: [...stem(), residual(block(64, 2), [...convNorm(64, 2, 1), relu()]), relu(), ...head()],
    alone: ["3.shortcut.1 normalize", "3.body.4 normalize", "3.body.4 gradient sums", "3.shortcut.1 gradient sums"],
  },
  "rectified shortcut": {
    layers: [...stem(), residual(block(32), [conv2d(32, 1), relu()]), relu(), ...head()],
    alone: ["3.body.4 normalize", "3.body.4 gradient sums"],
  },
  "two readers": {
    layers: [...stem(), residual(convNorm(64), convNorm(64)), relu(), ...head()],
    alone: ["3.body.1 statistics", "3.body.1 normalize", "3.body.1 gradient sums", "3.shortcut.1 gradient sums"],
  },
  "two readers, one of them pools": {
    layers: [...stem(), residual(convNorm(32, 2), [maxPool(2)]), relu(), ...head()],
    alone: ["3.body.1 statistics", "3.body.1 normalize", "3.body.1 gradient sums"],
  },
  "stochastic depth": {
    layers: [...stem(), residual(block(32), [], { stochasticDepth: 0.5 }), relu(), ...head()],
    alone: ["3.body.4 normalize", "3.body.4 gradient sums"],
  },
  pooled: {
    layers: [...stem(), maxPool(2), ...convNorm(64), maxPool(2), ...head()],
    alone: ["1 normalize", "5 normalize", "5 gradient sums", "1 gradient sums"],
  },
  "sums without rectifiers": {
    layers: [...stem(), residual(block(32)), residual(block(32)), ...head()],
    alone: ["4.body.4 normalize", "4.body.4 gradient sums"],
  },
  "sum of sums": {
    layers: [...stem(), residual([residual(block(32)), ...convNorm(32)]), relu(), ...head()],
    alone: ["3.body.2 normalize", "3.body.2 gradient sums", "1 gradient sums"],
  },
  preactivation: {
    layers: [
      conv2d(32, 3, { bias: false }),
      residual([batchNorm(), relu(), ...convNorm(32), relu(), conv2d(32, 3, { bias: false })]),
      ...head(),
    ],
    alone: ["1.body.0 input gradient"],
  },
  "parts of the batch": {
    layers: [conv2d(32, 3, { bias: false }), conv2d(64, 3, { bias: false }), ...head()],
    alone: [],
  },
  "convolutions in a row": {
    layers: [...stem(), conv2d(32, 3, { bias: false }), conv2d(64, 3, { bias: false }), ...head()],
    alone: [],
  },
  "normalised twice": {
    layers: [...stem(), batchNorm(), relu(), ...convNorm(32), ...head()],
    alone: ["1 normalize", "3 statistics", "6 normalize", "6 gradient sums", "3 input gradient", "1 gradient sums"],
  },
  "dropout between": {
    layers: [...stem(), dropout(0.3), ...convNorm(32), dropout(0.3), relu(), ...head()],
    alone: ["1 normalize", "5 normalize", "5 gradient sums", "1 gradient sums"],
  },
  gated: {
    layers: [...stem(), residual([...convNorm(32), squeezeExcite(32, 8)]), relu(), ...head()],
    alone: ["3.body.1 normalize", "3.body.1 gradient sums"],
  },
  "logits of normalised maps": { layers: [...block(32), ...head()], alone: ["4 normalize", "4 gradient sums"] },
  "logits of a sum": {
    layers: [...stem(), residual(block(32)), ...head()],
    alone: ["3.body.4 normalize", "3.body.4 gradient sums"],
  },
};

/** One step of training, and which normalisations it does in passes of their own. */
function step(graph: Graph, kernels: boolean) {
  const batch = 2;
  const options = { batch, precision: "bf16", optimizer: sgd(), seed: 3, inputGradient: true } as const;
  const plan = onednnEngine({ kernels, cacheBytes: 2 ** 14 }).trainingPlan(graph, options);
  const { parameters, input, targets } = exampleFor(graph, batch, "hard", { round: roundToBf16, seed: 1 });
  // Few values near a rectifier's zero, where rounding decides whether they have a gradient.
  for (const { name, role } of graph.parameters) {
    const { data } = parameters.get(name)!;
    if (role === "shift") data.set(data.map((_, channel) => (channel % 3 === 0 ? -2 : 2)));
  }
  plan.setParameters(parameters);
  const { loss, logits } = plan.computeGradients(input, targets);
  const found = new Map<string, ArrayLike<number>>([
    ["loss", [loss]],
    ["logits", logits.slice()],
    ["gradient of the input", plan.inputGradient()],
    ...[...plan.gradients()].map(([name, { data }]) => [`gradient of ${name}`, data] as const),
    ...[...plan.parameters()].map(([name, { data }]) => [`${name} afterwards`, data] as const),
  ]);
  const instructions = Array.from({ length: plan.sections.update.to }, (_, index) => plan.instruction(index));
  plan.dispose();
  return { found, instructions };
}

/** Gradients whose value is near a rectifier's zero still come and go with rounding. */
const allowedFor = (what: string) => (what.startsWith("gradient") ? 0.15 : 1e-2);

const ofNormalization = /^(\S+ (?:statistics|normalize|gradient sums|input gradient))$/;

describe.skipIf(kernels === undefined)(`convolutions on tiles${kernelsMissing}`, () => {
  test.each(Object.entries(networks))("%s", (name, { layers, alone }) => {
    const graph = buildGraph({ name, input: { channels: 32, height: 8, width: 16 }, layers });
    const [on, off] = [step(graph, true), step(graph, false)];
    expect(off.instructions.some(({ implementation }) => implementation.startsWith("kernel"))).toBe(false);
    expect(on.instructions.flatMap(({ label }) => (ofNormalization.test(label) ? [label] : []))).toEqual(alone);
    const projects = on.instructions.some(({ implementation }) => implementation.includes(", projection"));
    expect(projects).toBe(name.endsWith("projection"));
    const wrong = [...off.found].flatMap(([what, expected]) => {
      const error = normError(on.found.get(what)!, expected);
      return error <= allowedFor(what) ? [] : [`${what}: ${error.toExponential(1)}`];
    });
    expect(wrong).toEqual([]);
  });
});
