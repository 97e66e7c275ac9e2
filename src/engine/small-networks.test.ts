/** A small network of every family of architectures learns a few images by heart. */
import { describe, expect, test } from "vitest";
import { networks } from "../network/architectures.ts";
import { buildGraph } from "../network/graph.ts";
import { initialParameters } from "../network/parameters.ts";
import { smallNetworks } from "../network/small-networks.ts";
import { Random } from "../random.ts";
import { elements } from "../tensor.ts";
import { adam } from "./optimizer.ts";
import { onednnEngines, onednnMissing } from "./testing/engines-under-test.ts";

const batch = 6;
const steps = 12;

describe.skipIf(onednnEngines.length === 0)(`on oneDNN${onednnMissing}`, () => {
  // Those that have their own size are trained in other tests.
  const families = smallNetworks.filter(({ name }) => !Object.hasOwn(networks, name));
  const cases = onednnEngines.flatMap((tested) => families.map((network) => ({ ...tested, network })));
  test.each(cases)("$network.name is trained in $precision", ({ engine, precision, network }) => {
    const graph = buildGraph(network);
    const random = Random.of(1);
    const images = Uint8Array.from({ length: batch * elements(graph.inputShape) }, () => random.integer(256));
    const targets = Float32Array.from({ length: batch * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0));
    const plan = engine.trainingPlan(graph, { batch, optimizer: adam(), precision });
    plan.setParameters(initialParameters(graph.parameters, Random.of(2)));
    const losses = Array.from({ length: steps }, () => {
      const { loss } = plan.computeGradients(images, targets);
      plan.update(0.003);
      return loss;
    });
    plan.dispose();
    expect(losses.at(-1), losses.join(", ")).toBeLessThan(0.6 * losses[0]!);
  });
});
