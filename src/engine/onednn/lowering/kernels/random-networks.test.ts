/** A step of training random networks in bf16 with kernels of our own, against the same without kernels and in float32. */
import { describe, expect, test } from "vitest";
import { buildGraph, type Graph } from "../../../../network/graph.ts";
import { sgd } from "../../../optimizer.ts";
import { exampleFor, normError, roundToBf16 } from "../../../testing/conformance-cases.ts";
import { kernels, kernelsMissing } from "../../../testing/kernels-under-test.ts";
import { randomNetwork } from "../../../testing/random-networks.ts";
import { onednnEngine } from "../../onednn-engine.ts";

const BATCH = 4;
const batches = [1, 2];
const seeds = Array.from({ length: 12 }, (_, index) => index + 1);

/** What steps on several batches compute, by name, one after the other, and the labels of what kernels did for them. */
function steps(graph: Graph, precision: "f32" | "bf16", kernels: boolean) {
  const options = { batch: BATCH, precision, optimizer: sgd(), seed: 3 };
  const plan = onednnEngine({ kernels }).trainingPlan(graph, options);
  const found = new Map<string, number[]>();
  const note = (name: string, values: ArrayLike<number>) =>
    found.set(name, [...(found.get(name) ?? []), ...Array.from(values)]);
  for (const seed of batches) {
    const { parameters, input, targets } = exampleFor(graph, BATCH, "hard", { round: roundToBf16, seed });
    for (const { name, role } of graph.parameters) {
      const { data } = parameters.get(name)!;
      // Few values near a rectifier's zero, where rounding decides whether they have a gradient.
      if (role === "shift") data.set(data.map((_, channel) => (channel % 3 === 0 ? -2 : 2)));
    }
    // Small logits: else the gradient is that of one image, and of the few values in it that rounding moves.
    const { data } = parameters.get(graph.parameters.findLast(({ role }) => role === "weight")!.name)!;
    data.set(data.map((weight) => weight / 8));
    plan.setParameters(parameters);
    const { loss, logits } = plan.computeGradients(input, targets);
    note("loss", [loss]);
    note("logits", logits);
    for (const [name, gradient] of plan.gradients()) note(`gradient of ${name}`, gradient.data);
    for (const [name, parameter] of plan.parameters()) note(`${name} afterwards`, parameter.data);
  }
  const byKernels = Array.from({ length: plan.sections.update.to }, (_, index) => plan.instruction(index)).flatMap(
    ({ label, implementation }) => (implementation.startsWith("kernel") ? [label] : []),
  );
  plan.dispose();
  return { found, byKernels };
}

/**
 * Kernels round to bfloat16 as often as primitives do, if at other places, so that they are as near to float32. What is allowed is more than
 * once the error of the primitives, as a value that rounding moves across a rectifier's zero, or past another one of a pooling window, takes
 * its gradient along: few do, by chance.
 */
const ALLOWED_RATIO = 3;
/** The relative spacing of bfloat16 numbers: where primitives happen to be nearer than one rounding, kernels need not be. */
const ONE_ROUNDING = 2 ** -7;

const ran = new Set<string>();

describe.skipIf(kernels === undefined)(`random networks with kernels${kernelsMissing}`, () => {
  test.each(seeds)("network %i", (seed) => {
    const graph = buildGraph(randomNetwork(seed));
    const exact = steps(graph, "f32", false).found;
    const primitives = steps(graph, "bf16", false);
    const kernels = steps(graph, "bf16", true);
    expect(primitives.byKernels).toEqual([]);
    for (const label of kernels.byKernels) ran.add(label.replace(/^\S+ /, ""));
    // Each of these has its kernel in every network; the first convolution's few channels are left to oneDNN.
    const first = ["0 forward", "1 backward weights", "2 statistics"];
    expect(kernels.byKernels).toEqual(expect.arrayContaining(first));
    const wrong = [...exact].flatMap(([what, expected]) => {
      const [error, usual] = [kernels, primitives].map(({ found }) => normError(found.get(what)!, expected)) as [
        number,
        number,
      ];
      const allowed = ALLOWED_RATIO * usual + ONE_ROUNDING;
      return error <= allowed ? [] : [`${what}: ${error.toExponential(1)}, without kernels ${usual.toExponential(1)}`];
    });
    expect(wrong).toEqual([]);
  });

  test("together they run every kernel for maps", () => {
    expect([...ran].sort()).toEqual(
      expect.arrayContaining([
        "backward",
        "backward data",
        "backward weights",
        "forward",
        "gradient sums",
        "input gradient",
        "normalize",
        "statistics",
        "sums",
      ]),
    );
  });
});
