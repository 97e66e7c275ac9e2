/** Denormal numbers are zero inside primitives and intact in JavaScript. */
import { expect, test } from "vitest";
import { buildGraph } from "../../../network/graph.ts";
import { dense, flatten } from "../../../network/layer.ts";
import { onednnEngines } from "../../testing/engines-under-test.ts";

const smallestNormal = 2 ** -126;

test.skipIf(onednnEngines.length === 0)("denormals are flushed while primitives run, and only then", () => {
  const input = { channels: 1, height: 1, width: 16 };
  const graph = buildGraph({ name: "scale", input, layers: [flatten(), dense(16, { bias: false })] });
  const plan = onednnEngines[0]!.engine.inferencePlan(graph, { batch: 1 });
  const identity = new Float32Array(256);
  for (let i = 0; i < 16; i++) identity[i * 17] = 0.5;
  plan.setParameters(new Map([["1.weight", { shape: [16, 16], data: identity }]]));
  const normal = plan.infer(new Float32Array(16).fill(smallestNormal * 4)).slice();
  const flushed = plan.infer(new Float32Array(16).fill(smallestNormal)).slice();
  plan.dispose();
  expect([...normal]).toEqual(Array(16).fill(smallestNormal * 2));
  expect([...flushed]).toEqual(Array(16).fill(0));
  const halved = new Float64Array([2 ** -1022]).map((value) => value / 2);
  expect(halved[0]).toBe(2 ** -1023);
});
