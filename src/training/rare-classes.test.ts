/** Two colours that anybody can tell apart, one of them rare: whatever is done about it, alone or with smoothing and mixtures, every image is told right. */
import { expect, it } from "vitest";
import { adam } from "../engine/optimizer.ts";
import { referenceEngine } from "../engine/reference/reference-engine.ts";
import type { Mixing } from "../image/augmentation/mixing.ts";
import { policies } from "../image/augmentation/policy.ts";
import { buildGraph } from "../network/graph.ts";
import { dense, globalAveragePool, normalize } from "../network/layer.ts";
import { initialParameters } from "../network/parameters.ts";
import { Random } from "../random.ts";
import { batchedLogits, judgeLogits } from "./batched-logits.ts";
import { imbalanceNames } from "./imbalance.ts";
import { parseSettings } from "./settings/parse.ts";
import { lossOf } from "./settings/resolve.ts";
import { freshProgress, trainNetwork } from "./train.ts";

const [size, classes, batch, seed] = [4, 2, 16, 1];
const imageBytes = size * size * 3;
const graph = buildGraph({
  name: "colours",
  input: { channels: 3, height: size, width: size },
  layers: [normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]), globalAveragePool(), dense(classes)],
});
const colours = [
  [200, 60, 60],
  [60, 200, 60],
] as const;

function draw(counts: readonly number[], random: Random) {
  const labels = counts.flatMap((count, label) => Array<number>(count).fill(label));
  const pixels = Uint8Array.from({ length: labels.length * imageBytes }, (_, i) =>
    Math.min(255, Math.max(0, colours[labels[Math.floor(i / imageBytes)]!]![i % 3]! + 40 * random.normal())),
  );
  const read = (indices: ArrayLike<number>, out: Uint8Array) => {
    for (let row = 0; row < indices.length; row++) {
      const start = indices[row]! * imageBytes;
      out.set(pixels.subarray(start, start + imageBytes), row * imageBytes);
    }
  };
  return { labels, read };
}

const images = draw([200, 4], Random.of(1));
const unseen = draw([40, 10], Random.of(2));

const mixings: Readonly<Record<string, Mixing>> = {
  unmixed: { mixup: 0, cutmix: 0 },
  mixup: { mixup: 0.2, cutmix: 0 },
  CutMix: { mixup: 0, cutmix: 1 },
};

it.each(
  imbalanceNames.flatMap((imbalance) =>
    [0, 0.1].flatMap((labelSmoothing) =>
      Object.keys(mixings).map((mixing) => [imbalance, labelSmoothing, mixing] as const),
    ),
  ),
)("%s, smoothing %d, %s", async (imbalance, labelSmoothing, mixing) => {
  const plan = referenceEngine().trainingPlan(graph, {
    batch,
    optimizer: adam(),
    seed,
    ...lossOf(parseSettings({ imbalance, labelSmoothing }), images.labels, classes),
  });
  plan.setParameters(initialParameters(graph.parameters, Random.of(seed)));
  const { parameters } = await trainNetwork({
    plan,
    images,
    preparation: { augmentation: policies.none, mixing: mixings[mixing]! },
    imbalance,
    inputShape: graph.inputShape,
    classes,
    epochs: 20,
    seed,
    schedule: "cosine",
    learningRate: 0.1,
    warmupEpochs: 1,
    progress: freshProgress,
    checkpointSeconds: 1e9,
    save: async () => {},
    stopwatch: () => 0,
  });
  const judging = referenceEngine().inferencePlan(graph, { batch: 10 });
  judging.setParameters(parameters);
  for (const { labels, read } of [images, unseen]) {
    const logits = await batchedLogits(judging, { read, count: labels.length, imageBytes, classes });
    expect(judgeLogits(logits, labels, classes).accuracy).toBe(1);
  }
});
