/** What training computed is what the model file says: the bf16 engine and model.onnx on the real test images. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { onednnEngines, onednnMissing } from "../engine/testing/engines-under-test.ts";
import { readDataset } from "../image/read-dataset.ts";
import { packImages } from "../image/store/packed-store.ts";
import { loadModel } from "../inference/model.ts";
import { networks } from "../network/architectures.ts";
import { buildGraph } from "../network/graph.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { readCheckpoint } from "../training/checkpoint.ts";
import { checkpointOwner, learnedCounts } from "./folder/checkpoint-owner.ts";
import { readConfig } from "./folder/run-config.ts";
import { readRunImages } from "./folder/run-images.ts";
import { train } from "./train.ts";

const data = process.env.NAEVUS_DATA;
const bf16 = onednnEngines.find(({ precision }) => precision === "bf16");
/**
 * What half a dozen layers make of roundings to 8 bits, as a part of the largest logit. Which of two classes is best can depend on
 * it where both are as likely: runs of 8 to 20 epochs agree in 96.6 to 100 % of the test images.
 */
const BF16_ERROR = 0.03;
const missing = data === undefined ? " (skipped: NAEVUS_DATA is not set)" : onednnMissing;

test.skipIf(data === undefined || bf16 === undefined)(
  `model.onnx and the bf16 engine judge the test images alike, but for what bfloat16 rounds${missing}`,
  { timeout: 600_000 },
  async () => {
    const folder = temporaryFolder();
    const dataset = await readDataset(data!);
    const cache = join(folder, "cache");
    const settings = { engine: "onednn", precision: "bf16", epochs: 8, cache, out: join(folder, "run") } as const;
    const { run } = await train(dataset, settings);

    const packed = await packImages(dataset, { size: 180, cacheFolder: cache });
    const tested = packed.images.flatMap(({ split }, index) => (split === "test" ? [index] : []));
    const images = new Uint8Array(tested.length * 180 * 180 * 3);
    packed.read(tested, images);

    const model = await loadModel(join(run, "model.onnx"));
    const classes = model.classes.length;
    const probabilities = await model.probabilities(images, tested.length);
    await model.dispose();

    const graph = buildGraph(networks.notebook({ classes }));
    const config = await readConfig(run);
    const owner = checkpointOwner(config, graph, learnedCounts(config, await readRunImages(run, config.data)));
    const checkpoint = await readCheckpoint(join(run, "checkpoint.safetensors"), owner);
    const plan = bf16!.engine.inferencePlan(graph, { batch: tested.length, precision: "bf16" });
    plan.setParameters(checkpoint!.parameters);
    const logits = plan.infer(images).slice();
    plan.dispose();
    packed.close();

    const rowOf = (scores: Float32Array, row: number) => [...scores.subarray(row * classes, (row + 1) * classes)];
    const best = (scores: readonly number[]) => scores.indexOf(Math.max(...scores));
    const largest = Math.max(...logits.map(Math.abs));
    let agreeing = 0;
    for (const row of tested.keys()) {
      const [own, shipped] = [rowOf(logits, row), rowOf(probabilities, row).map(Math.log)];
      const reference = best(shipped);
      if (best(own) === reference) agreeing++;
      for (const [index, score] of own.entries()) {
        if (!Number.isFinite(shipped[index]!)) continue;
        const difference = score - own[reference]! - (shipped[index]! - shipped[reference]!);
        expect(Math.abs(difference) / largest).toBeLessThan(BF16_ERROR);
      }
    }
    expect(agreeing / tested.length).toBeGreaterThanOrEqual(0.95);
  },
);
