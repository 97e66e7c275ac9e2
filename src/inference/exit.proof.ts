/** A process that used a model ends with status 0 and prints nothing of its own accord: main thread, worker, no dispose. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { exampleFor } from "../engine/testing/conformance-cases.ts";
import { buildGraph } from "../network/graph.ts";
import { conv2d, dense, flatten, normalize } from "../network/layer.ts";
import { onnxModel } from "../onnx/onnx-model.ts";
import { compileModule } from "../testing/compiled.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { RuntimeName } from "./runtime.ts";

const folder = temporaryFolder();

/** On a busy machine Node waits long for the WebAssembly that it still compiles. */
const timeout = 120_000;

beforeAll(() => {
  compileModule("inference/model.ts", folder);
  const graph = buildGraph({
    name: "small",
    input: { channels: 3, height: 8, width: 8 },
    layers: [normalize(), conv2d(16, 3), flatten(), dense(2)],
  });
  const { parameters } = exampleFor(graph, 1, "hard");
  const metadata = { classes: ["a", "b"], network: "small", dataFingerprint: "", version: "0.0.0" };
  writeFileSync(join(folder, "model.onnx"), onnxModel(graph, parameters, metadata));
  writeFileSync(
    join(folder, "out/use.js"),
    `import { loadModel } from "./inference/model.js";
     export async function use(dispose) {
       const model = await loadModel(${JSON.stringify(join(folder, "model.onnx"))}, { threads: 2, runtime: process.env.RUNTIME });
       const rows = await model.probabilities(new Uint8Array(40 * 192), 40);
       if (rows.length !== 80) throw new Error("expected 80 probabilities, got " + rows.length);
       if (dispose) await model.dispose();
     }`,
  );
});

const importUse = 'import { use } from "./use.js";';

const inWorkers = (dispose: boolean): string => `${importUse}
  const { isMainThread, Worker } = await import("node:worker_threads");
  if (isMainThread) for (let i = 0; i < 2; i++) new Worker(new URL(import.meta.url));
  else await use(${dispose});`;

function expectSilentEnd(runtime: RuntimeName, code: string): void {
  const file = join(folder, "out/main.js");
  writeFileSync(file, code);
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [file], {
    env: { ...process.env, RUNTIME: runtime },
    encoding: "utf8",
    timeout,
  });
  expect({ status, signal, stdout, stderr }).toEqual({ status: 0, signal: null, stdout: "", stderr: "" });
}

const withoutDispose = `${importUse} await use(false);`;
const workerAndMain = `${inWorkers(true)}\n if (isMainThread) await use(true);`;

it.each([
  ["the main thread", `${importUse} await use(true);`],
  ["the main thread, without dispose", withoutDispose],
  ["two workers", inWorkers(true)],
  ["two workers, without dispose", inWorkers(false)],
  ["a worker and the main thread", workerAndMain],
  ["process.exit", `${withoutDispose} process.exit(0);`],
])(
  "ends with status 0 and silently: %s",
  (_, code) => {
    expectSilentEnd("native", code);
  },
  timeout,
);

it.each([
  ["the main thread, without dispose", withoutDispose],
  ["a worker and the main thread", workerAndMain],
])(
  "ends with status 0 and silently in WebAssembly: %s",
  (_, code) => {
    expectSilentEnd("webassembly", code);
  },
  timeout,
);

it(
  "optimizes little of the WebAssembly that judges few images, for which the end would wait",
  () => {
    const file = join(folder, "out/main.js");
    writeFileSync(file, withoutDispose);
    const { status, stdout } = spawnSync(process.execPath, ["--trace-wasm-compilation-times", file], {
      env: { ...process.env, RUNTIME: "webassembly" },
      encoding: "utf8",
    });
    expect(status).toBe(0);
    expect(stdout).toContain("using Liftoff");
    // Some are called often whatever the library does; at the default of Node 20 there are five times as many.
    expect(stdout.split("using TurboFan").length - 1).toBeLessThan(30);
  },
  timeout,
);
