/** A process that trained on oneDNN ends with status 0 and silently, while OpenMP's threads still wait for work. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { compileModule } from "../../../testing/compiled.ts";
import { temporaryFolder } from "../../../testing/temporary-folder.ts";
import { onednnEngines, onednnMissing } from "../../testing/engines-under-test.ts";

const available = onednnEngines.length > 0;
const folder = temporaryFolder();

beforeAll(() => {
  if (!available) return;
  compileModule("engine/onednn/onednn-engine.ts", folder);
  writeFileSync(
    join(folder, "out/use.js"),
    `import { onednnEngine } from "./engine/onednn/onednn-engine.js";
     import { adam } from "./engine/optimizer.js";
     import { buildGraph } from "./network/graph.js";
     import { conv2d, dense, flatten, relu } from "./network/layer.js";
     import { initialParameters } from "./network/parameters.js";
     import { Random } from "./random.js";
     export const threadsOf = (threads) => onednnEngine({ threads }).description.threads;
     export function use(dispose) {
       const input = { channels: 3, height: 32, width: 32 };
       const graph = buildGraph({ name: "small", input, layers: [conv2d(16, 3), relu(), flatten(), dense(2)] });
       const plan = onednnEngine().trainingPlan(graph, { batch: 4, optimizer: adam() });
       plan.setParameters(initialParameters(graph.parameters, Random.of(1)));
       const { loss } = plan.computeGradients(new Float32Array(4 * 3 * 32 * 32).fill(1), Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1));
       plan.update(0.001);
       if (!(loss > 0)) throw new Error("expected a loss, got " + loss);
       if (dispose) plan.dispose();
     }`,
  );
});

const importUse = 'import { use } from "./use.js";';

const inWorkers = `${importUse}
  const { isMainThread, Worker } = await import("node:worker_threads");
  if (isMainThread) for (let i = 0; i < 2; i++) new Worker(new URL(import.meta.url));
  else use(false);`;

const threadsInWorker = `import { threadsOf } from "./use.js";
  import { isMainThread, Worker } from "node:worker_threads";
  if (isMainThread) new Worker(new URL(import.meta.url));
  else if (threadsOf(3) !== 3) throw new Error("expected 3 threads, got " + threadsOf());`;

describe.skipIf(!available)(`the end of a process${onednnMissing}`, () => {
  test.each([
    ["the main thread", `${importUse} use(true);`],
    ["the main thread, without dispose", `${importUse} use(false);`],
    ["two workers", inWorkers],
    ["a worker and the main thread", `${inWorkers}\n if (isMainThread) use(true);`],
    ["a worker that chooses how many threads oneDNN takes", threadsInWorker],
    ["process.exit", `${importUse} use(false); process.exit(0);`],
    ["threads that spin", `process.env.OMP_WAIT_POLICY = "active"; ${importUse} use(false);`],
  ])("%s", (_, code) => {
    const file = join(folder, "out/main.js");
    writeFileSync(file, code);
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [file], {
      encoding: "utf8",
      timeout: 50_000,
    });
    expect({ status, signal, stdout, stderr }).toEqual({ status: 0, signal: null, stdout: "", stderr: "" });
  });
});
