/** A network of one channel reads colours as their luminance, which is Pillow's `convert("L")` before rounding. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildGraph } from "../network/graph.ts";
import { dense, flatten, type Normalize, normalize } from "../network/layer.ts";
import { relativeError } from "./testing/conformance-cases.ts";
import { enginesUnderTest } from "./testing/engines-under-test.ts";

interface LuminanceRecord {
  readonly height: number;
  readonly width: number;
  /** (height, width, 3) */
  readonly colours: readonly number[];
  readonly luminance: readonly number[];
}

const file = new URL("reference-numbers/luminance.json", import.meta.url);
const record = JSON.parse(readFileSync(file, "utf8")) as LuminanceRecord;
const { height, width } = record;
const input = { channels: 1, height, width };
const graphOf = (first: Normalize) => buildGraph({ name: "luminance", input, layers: [first, flatten()] });

test("the graph reads three channels of bytes, and the first layer gives one", () => {
  const graph = graphOf(normalize([0.5], [0.25]));
  expect(graph.inputShape).toEqual([3, height, width]);
  expect(graph.inputType).toBe("uint8");
  expect(graph.nodes.map(({ name, operation, shape }) => [name, operation.kind, shape])).toEqual([
    ["0.colours", "normalize", [3, height, width]],
    ["0", "luminance", [1, height, width]],
    ["1", "flatten", [height * width]],
  ]);
  expect(graph.nodes[0]!.operation).toEqual(normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]));
});

test("a network of one channel that reads floats reads one channel of them", () => {
  const graph = buildGraph({ name: "floats", input, layers: [flatten(), dense(2)] });
  expect(graph.inputShape).toEqual([1, height, width]);
  expect(graph.nodes).toHaveLength(2);
});

describe.each(enginesUnderTest)("$title", ({ engine, precision }) => {
  const luminanceBy = (first: Normalize) => {
    const plan = engine.inferencePlan(graphOf(first), { batch: 1, precision });
    const values = plan.infer(Uint8Array.from(record.colours)).slice();
    plan.dispose();
    return values;
  };

  test("gives Pillow's luminance to within rounding", () => {
    const found = luminanceBy(normalize([0])).map((value) => 255 * value);
    // bfloat16 holds eight bits of a value, of the colours and of the sum.
    const allowed = precision === "bf16" ? 2.5 : 0.51;
    const worst = Math.max(...found.map((value, i) => Math.abs(value - record.luminance[i]!)));
    expect(worst).toBeLessThan(allowed);
  });

  test("normalizes it by the mean and the deviation of luminance", () => {
    const plain = luminanceBy(normalize([0]));
    const expected = plain.map((value) => (value - 0.4) / 0.2);
    expect(relativeError(luminanceBy(normalize([0.4], [0.2])), expected)).toBeLessThan(
      precision === "bf16" ? 2e-2 : 1e-6,
    );
  });
});
