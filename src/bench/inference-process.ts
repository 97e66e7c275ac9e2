/** Runs as a process of its own: judges one image again and again with a model file, and reports every time. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel } from "../inference/model.ts";
import { type NetworkName, networks } from "../network/architectures.ts";
import { buildGraph } from "../network/graph.ts";
import { initialParameters } from "../network/parameters.ts";
import { onnxModel } from "../onnx/onnx-model.ts";
import { Random } from "../random.ts";
import { elements } from "../tensor.ts";
import { serve } from "./serve.ts";

/** What the process is started with, as JSON in its only argument. */
export interface InferenceTask {
  readonly network: NetworkName;
  readonly threads: number;
}

const { network, threads } = JSON.parse(process.argv[2]!) as InferenceTask;
const random = Random.of(1);
const classes = Array.from({ length: 9 }, (_, label) => `class ${label}`);
const graph = buildGraph(networks[network]({ classes: classes.length }));
const folder = await mkdtemp(join(tmpdir(), "naevus-bench-"));
const file = join(folder, "model.onnx");
try {
  const metadata = { classes, network, dataFingerprint: "", version: "0.0.0" };
  await writeFile(file, onnxModel(graph, initialParameters(graph.parameters, random), metadata));
  const model = await loadModel(file, { threads });
  const image = new Uint8Array(elements(graph.inputShape)).map(() => random.integer(256));
  await serve({}, async ({ runs }: { runs: number }) => {
    const seconds: number[] = [];
    for (let run = 0; run < runs; run++) {
      const start = performance.now();
      await model.probabilities(image, 1);
      seconds.push((performance.now() - start) / 1000);
    }
    return { seconds };
  });
  await model.dispose();
} finally {
  await rm(folder, { recursive: true });
}
