/** Every engine against a live PyTorch, where it is installed: every entry of every gradient. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { sgd } from "./optimizer.ts";
import {
  familyNames,
  networkRecords,
  type RecordedName,
  recordedProblem,
  summarise,
} from "./reference-numbers/records.ts";
import { relativeError } from "./testing/conformance-cases.ts";
import {
  engines,
  floorOf,
  frozenNames,
  isLeftOut,
  smallNames,
  toleranceOf,
  wholeNames,
} from "./testing/pytorch-tolerances.ts";

const python = "/usr/bin/python3";
const hasTorch = spawnSync(python, ["-c", "import torch"]).status === 0;

describe.skipIf(!hasTorch)(`against a live PyTorch${hasTorch ? "" : ` (skipped: ${python} has no torch)`}`, () => {
  const scriptOf = (name: RecordedName) => {
    const script = familyNames.some((family) => family === name) ? "architectures.py" : "networks.py";
    return fileURLToPath(new URL(`../../scripts/references/${script}`, import.meta.url));
  };

  test.each([...wholeNames, ...smallNames, ...frozenNames, ...familyNames])(
    "every entry of every gradient of %s",
    (name) => {
      const record = networkRecords()[name];
      const folder = temporaryFolder();
      const file = join(folder, "gradients");
      execFileSync(python, [scriptOf(name), name, `${record.salt}`, file], {
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
      });
      const bytes = readFileSync(file);
      const expected = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);

      const { graph, parameters, input, targets } = recordedProblem(name, record);
      for (const { title, engine } of engines.filter(({ title }) => !isLeftOut(title, name))) {
        const plan = engine.trainingPlan(graph, { batch: record.batch, optimizer: sgd(), precision: "f32" });
        plan.setParameters(parameters);
        plan.computeGradients(input, targets);
        let offset = 0;
        for (const [parameter, { data }] of plan.gradients()) {
          const values = expected.subarray(offset, offset + data.length);
          const error = relativeError(data, values, floorOf(summarise(values).norm));
          expect(error, `${title}: ${parameter}`).toBeLessThanOrEqual(toleranceOf(title, name));
          offset += data.length;
        }
        expect(offset).toBe(expected.length);
        plan.dispose();
      }
    },
  );
});
