/** On kernels of our own, training gives the same bits in every run, whatever the number of threads. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { compileModule } from "../../../testing/compiled.ts";
import { temporaryFolder } from "../../../testing/temporary-folder.ts";
import { kernels, kernelsMissing } from "../../testing/kernels-under-test.ts";

const folder = temporaryFolder();

beforeAll(() => {
  if (kernels === undefined) return;
  compileModule("engine/onednn/onednn-engine.ts", folder);
  writeFileSync(
    join(folder, "out/train.js"),
    `import { createHash } from "node:crypto";
     import { onednnEngine } from "./engine/onednn/onednn-engine.js";
     import { adam } from "./engine/optimizer.js";
     import { buildGraph } from "./network/graph.js";
     import { batchNorm, conv2d, dense, flatten, maxPool, relu, residual } from "./network/layer.js";
     import { initialParameters } from "./network/parameters.js";
     import { Random } from "./random.js";
     const convNorm = (filters, kernel = 3, stride = 1) => [conv2d(filters, kernel, { stride, bias: false }), batchNorm()];
     const block = (filters, stride) => [...convNorm(filters, 3, stride), relu(), ...convNorm(filters)];
     const layers = [
       ...[...convNorm(32), relu(), residual(block(32)), relu(), residual(block(64, 2), convNorm(64, 1, 2)), relu()],
       ...[maxPool(2), flatten(), dense(4)],
     ];
     const graph = buildGraph({ name: "residual", input: { channels: 3, height: 32, width: 32 }, layers });
     function train() {
       const batch = 5;
       const random = Random.of(1);
       const plan = onednnEngine({ threads: Number(process.argv[2]) }).trainingPlan(graph, { batch, precision: "bf16", optimizer: adam() });
       plan.setParameters(initialParameters(graph.parameters, random));
       for (let step = 0; step < 3; step++) {
         const input = Float32Array.from({ length: batch * 3 * 32 * 32 }, () => random.normal());
         plan.computeGradients(input, Float32Array.from({ length: batch * 4 }, (_, i) => (i % 5 === step ? 1 : 0)));
         plan.update(0.01);
       }
       const hash = createHash("sha256");
       for (const { data } of plan.parameters().values()) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
       plan.dispose();
       return hash.digest("hex");
     }
     console.log(JSON.stringify([train(), train()]));`,
  );
});

/** Hashes of the weights after three steps, in two plans. */
function weightsWith(threads: number): readonly string[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "out/train.js"), String(threads)], {
    encoding: "utf8",
    timeout: 50_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe.skipIf(kernels === undefined)(`training on kernels${kernelsMissing}`, () => {
  test("gives the same weights in two plans, and with one, two or three threads", () => {
    const hashes = [1, 2, 3].flatMap(weightsWith);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(hashes).toEqual(Array.from({ length: 6 }, () => hashes[0]));
  });
});
