/** Every engine against a live PyTorch, layer by layer: every entry of every gradient, and bfloat16 beside its autocast. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { bf16ByLayerOf, bf16ErrorsOf, bf16Faults, byLayerFaults } from "./testing/bf16-errors.ts";
import { relativeError } from "./testing/conformance-cases.ts";
import { enginesUnderTest } from "./testing/engines-under-test.ts";
import {
  type LayerRecord,
  type LayerRecords,
  layersOf,
  type RecordedLayer,
  stepOf,
  toleranceOf,
} from "./testing/layer-records.ts";
import { engines } from "./testing/pytorch-tolerances.ts";

const python = "/usr/bin/python3";
const hasTorch = spawnSync(python, ["-c", "import torch"]).status === 0;

function printed<R>(...options: string[]): LayerRecords<R> {
  const script = fileURLToPath(new URL("../../scripts/references/layers.py", import.meta.url));
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
  const { status, stdout, stderr } = spawnSync(python, [script, ...options], { encoding: "utf8", env, maxBuffer: 1e9 });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe.skipIf(!hasTorch)(`against a live PyTorch${hasTorch ? "" : ` (skipped: ${python} has no torch)`}`, () => {
  test("every entry of every result and gradient of every layer", () => {
    const { cases, salts } = printed<LayerRecord<readonly number[]>>("--whole");
    for (const record of cases) {
      const { gradients, running } = record;
      // A gradient that cancels, as that of a bias before batch normalisation, is measured by the largest one.
      const floor = 1e-2 * largest([...Object.values(gradients), record.inputGradient].map(largest));
      for (const { title, engine } of engines) {
        const step = stepOf(engine, "f32", record, layersOf(record), salts[0]!);
        const within = (values: ArrayLike<number>, expected: readonly number[], atLeast: number, what: string) =>
          expect(relativeError(values, expected, atLeast), `${title}: ${record.name}: ${what}`).toBeLessThan(
            toleranceOf(title, record.name),
          );
        within(step.logits, record.logits, 0, "logits");
        within(step.inputGradient, record.inputGradient, floor, "gradient of the input");
        for (const [path, values] of step.gradients) within(values, gradients[path]!, floor, `gradient of ${path}`);
        for (const [path, values] of step.running) within(values, running[path]!, 0, path);
      }
    }
  });

  test.each(enginesUnderTest.filter(({ precision }) => precision === "bf16"))(
    "beside autocast in $precision",
    ({ engine }) => {
      const { cases, salts } = printed<RecordedLayer>();
      // Every third case, for time; of the families each layer.
      const tried = cases.filter(({ bf16Outputs }, index) => bf16Outputs !== undefined || index % 3 === 0);
      const faults = tried.flatMap((record) =>
        [
          ...bf16Faults(bf16ErrorsOf(engine, record, salts), record),
          ...(record.bf16Outputs ? byLayerFaults(bf16ByLayerOf(engine, record, salts), record) : []),
        ].map((fault) => `${record.name}: ${fault}`),
      );
      expect(faults).toEqual([]);
    },
  );
});
