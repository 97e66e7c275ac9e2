/** Every engine against all entries that ONNX's node tests give, made by the ONNX that is installed here. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { enginesUnderTest } from "./testing/engines-under-test.ts";
import { answerOf } from "./testing/onnx-answer.ts";
import { onnxCases } from "./testing/onnx-cases.ts";
import { translate } from "./testing/onnx-translation.ts";

const python = "/usr/bin/python3";
// Older node tests need an older numpy.
const old = "import onnx; assert onnx.defs.onnx_opset_version() >= 18";
const hasOnnx = spawnSync(python, ["-c", old]).status === 0;

describe.skipIf(!hasOnnx)(
  `ONNX's node tests${hasOnnx ? "" : ` (skipped: ${python} has no onnx of operator set 18)`}`,
  () => {
    const script = fileURLToPath(new URL("../../scripts/references/onnx_operators.py", import.meta.url));
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };

    test("every entry of every output", () => {
      const { stdout, stderr, status } = spawnSync(python, ["-W", "ignore", script, "--whole"], {
        encoding: "utf8",
        maxBuffer: 1e8,
        env,
      });
      expect(status, stderr).toBe(0);
      const cases = onnxCases(stdout);
      expect(cases.map(({ name }) => name)).toEqual(expect.arrayContaining(onnxCases().map(({ name }) => name)));
      const engines = enginesUnderTest.filter(({ precision }) => precision === "f32");
      let compared = 0;
      for (const { name, leftOut, node, errorOf } of cases) {
        const translation = leftOut ?? translate(node);
        if (typeof translation === "string") continue;
        for (const { title, engine } of engines) {
          expect(errorOf(answerOf(engine, translation)), `${title}: ${name}`).toBeLessThan(2e-6);
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(50 * engines.length);
    });
  },
);
