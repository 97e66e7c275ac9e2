/** The training loop on a small network: the same weights however often it is stopped. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adam, type Optimizer, sgd } from "../engine/optimizer.ts";
import { referenceEngine } from "../engine/reference/reference-engine.ts";
import { TrainingError } from "../errors.ts";
import { policies } from "../image/augmentation/policy.ts";
import { PixelFileReader } from "../image/store/pixel-file.ts";
import { xxHash32 } from "../image/store/xxhash.ts";
import type { Tensors } from "../tensor.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { selectionLoader } from "./background-loader.ts";
import type { OpenLoader } from "./batch-loader.ts";
import type { Progress } from "./progress.ts";
import {
  bits,
  count,
  freshPlan,
  graph,
  images,
  labels,
  newPlan,
  optionsFor,
  pixels,
  stateOf,
} from "./testing/small-training.ts";
import { freshProgress, type TrainedNetwork, type TrainingOptions, trainNetwork } from "./train.ts";
import type { TrainingState } from "./training-state.ts";

const pixelFolder = temporaryFolder();
let pixelFile: PixelFileReader;
beforeAll(async () => {
  const file = join(pixelFolder, "pixels.rgb");
  await writeFile(file, pixels);
  const stored = Array.from({ length: count }, (_, slot) => ({
    slot,
    checksum: xxHash32(pixels.subarray(slot * 108, (slot + 1) * 108)),
  }));
  pixelFile = new PixelFileReader(file, 108, count, stored);
});
afterAll(() => {
  pixelFile.close();
});
/** Makes batches in a thread. */
const inBackground: OpenLoader = (options, imagesToRead) => {
  const selection = { ...pixelFile.pixels, slots: Uint32Array.from({ length: count }, (_, i) => i) };
  return selectionLoader(selection, true)(options, imagesToRead);
};

describe("trainNetwork", () => {
  it("shows every image at most once per epoch, in an order of its own", async () => {
    const epochs: number[][] = [[]];
    const read: typeof images.read = (indices, out) => {
      epochs.at(-1)!.push(...Array.from(indices));
      images.read(indices, out);
    };
    await trainNetwork(
      optionsFor(freshPlan(), { images: { labels, read }, onEpoch: async () => void epochs.push([]) }),
    );
    const [first, second] = epochs;
    expect(new Set(first).size).toBe(12);
    expect(new Set(second).size).toBe(12);
    expect(first).not.toEqual(second);
  });

  it("reports every step and epoch", async () => {
    const steps: string[] = [];
    const { progress, finished } = await trainNetwork(
      optionsFor(freshPlan(), {
        onStep: ({ epoch, step, stepsPerEpoch }) => steps.push(`${epoch}:${step}/${stepsPerEpoch}`),
      }),
    );
    expect(finished).toBe(true);
    expect(steps.slice(0, 4)).toEqual(["1:1/3", "1:2/3", "1:3/3", "2:1/3"]);
    expect(progress).toMatchObject({ epoch: 3, step: 0 });
    expect(progress.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    // The stopwatch moves by half a second whenever it is read, so that a step takes that long.
    expect(progress.history[0]).toMatchObject({ images: 12, seconds: 1.5, imagesPerSecond: 8, learningRate: 0.01 });
  });

  it("counts no time as less than none where a stopwatch goes back", async () => {
    let time = 0;
    const backwards = optionsFor(freshPlan(), { stopwatch: () => (time -= 3_600_000), checkpointSeconds: 1 });
    const { progress } = await trainNetwork(backwards);
    expect(progress.history.map(({ seconds, imagesPerSecond }) => [seconds, imagesPerSecond])).toEqual(
      Array(3).fill([0, 0]),
    );
  });

  it("learns", async () => {
    const { progress } = await trainNetwork(optionsFor(freshPlan(), { epochs: 60, schedule: "constant" }));
    expect(progress.history.at(-1)!.loss).toBeLessThan(progress.history[0]!.loss / 2);
  });

  const augmented: Partial<TrainingOptions> = {
    preparation: { augmentation: policies.strong, mixing: { mixup: 0.4, cutmix: 1 } },
  };
  it.each<[string, Optimizer, Partial<TrainingOptions>]>([
    ["adam", adam(), {}],
    ["sgd", sgd(), {}],
    ["augmented", adam(), augmented],
    ["augmented in the background", adam(), { ...augmented, openLoader: inBackground }],
    ["averaged", adam(), { averaging: 0.9 }],
  ])("gives the same weights bit for bit when it is stopped after every step (%s)", async (_, optimizer, changes) => {
    const whole = freshPlan(optimizer);
    const { progress: expected, parameters } = await trainNetwork(
      optionsFor(whole, { ...changes, openLoader: undefined }),
    );

    let kept: TrainingState = stateOf(freshPlan(optimizer), freshProgress);
    let stops = 0;
    let result: TrainedNetwork | undefined;
    while (!result?.finished) {
      const plan = newPlan(optimizer);
      plan.setParameters(kept.parameters);
      plan.setOptimizerState(kept.optimizer);
      const stop = new AbortController();
      result = await trainNetwork(
        optionsFor(plan, {
          ...changes,
          progress: kept.progress,
          companions: kept,
          signal: stop.signal,
          onStep: () => stop.abort(),
          save: async (progress, companions) => {
            kept = structuredClone({ ...stateOf(plan, progress), ...companions });
          },
        }),
      );
      if (!result.finished) stops++;
    }
    expect(stops).toBe(8);
    expect(bits(kept.parameters)).toBe(bits(whole.parameters()));
    expect(bits(result.parameters)).toBe(bits(parameters));
    expect(kept.progress.history.map(({ loss }) => loss)).toEqual(expected.history.map(({ loss }) => loss));
  });

  it("judges and keeps an average of trained weights, the last ones among them, however few they are", async () => {
    const plan = freshPlan();
    const average: Tensors[] = [];
    const validate = async (weights: Tensors) => {
      average.push(structuredClone(weights));
      return { loss: 1, accuracy: 0 };
    };
    const one: Partial<TrainingOptions> = { averaging: 0.999, epochs: 1, validate };
    const { parameters } = await trainNetwork(optionsFor(plan, one));
    const trained = new Map(
      [...plan.parameters()].map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
    );
    expect(bits(average[0]!)).toBe(bits(trained));
    expect(bits(parameters)).toBe(bits(trained));
  });

  it("is another training where images are augmented", async () => {
    const [plain, varied] = [freshPlan(), freshPlan()];
    await trainNetwork(optionsFor(plain));
    await trainNetwork(optionsFor(varied, augmented));
    expect(bits(varied.parameters())).not.toBe(bits(plain.parameters()));
  });

  it("ends its threads when a step fails", async () => {
    const plan = { ...freshPlan(), computeGradients: () => ({ loss: Number.NaN, logits: new Float32Array(12) }) };
    const started: Worker[] = [];
    const onWorker = (worker: Worker) => void started.push(worker);
    process.on("worker", onWorker);
    await expect(trainNetwork(optionsFor(plan, { openLoader: inBackground }))).rejects.toThrow(TrainingError);
    process.off("worker", onWorker);
    expect(started).not.toEqual([]);
    // An ended thread has no id of its own any more.
    expect(started.map(({ threadId }) => threadId)).toEqual(started.map(() => -1));
  });

  it("saves after each epoch and when the time has come", async () => {
    const saved: string[] = [];
    const save = async ({ epoch, step }: Progress) => void saved.push(`${epoch}:${step}`);
    await trainNetwork(optionsFor(freshPlan(), { epochs: 2, save }));
    expect(saved).toEqual(["1:0", "2:0"]);
    saved.length = 0;
    await trainNetwork(optionsFor(freshPlan(), { epochs: 2, save, checkpointSeconds: 1 }));
    expect(saved).toEqual(["0:1", "0:2", "1:0", "1:1", "1:2", "2:0"]);
  });

  it("ends with a sentence when the loss is no number", async () => {
    const plan = freshPlan();
    const weights = new Map(plan.parameters());
    const [name, tensor] = [...weights].at(-1)!;
    weights.set(name, { ...tensor, data: new Float32Array(tensor.data.length).fill(Number.NaN) });
    plan.setParameters(weights);
    const save = async () => expect.unreachable("nothing is saved");
    await expect(trainNetwork(optionsFor(plan, { save }))).rejects.toThrow(
      new TrainingError(
        "the loss became NaN in epoch 1, step 1; train again with a lower learning rate (it was 0.01, try 0.001)",
      ),
    );
  });

  it("refuses to mix the images of batches of one", async () => {
    const plan = referenceEngine().trainingPlan(graph, { batch: 1, optimizer: adam() });
    const preparation = { augmentation: policies.none, mixing: { mixup: 0.2, cutmix: 0 } };
    await expect(trainNetwork(optionsFor(plan, { preparation }))).rejects.toThrow("a batch of 1 has none to mix");
  });

  it("ends at the step after which a weight is no number, names it, and saves nothing of it", async () => {
    const plan = freshPlan();
    const update = plan.update.bind(plan);
    let updates = 0;
    plan.update = (rate) => ++updates !== 5 && update(rate);
    const saved: string[] = [];
    const save = async ({ epoch, step }: Progress) => void saved.push(`${epoch}:${step}`);
    await expect(trainNetwork(optionsFor(plan, { save, checkpointSeconds: 1 }))).rejects.toThrow(
      new TrainingError(
        "the weights or the optimizer's state left the range of numbers in epoch 2, step 2; " +
          "train again with a lower learning rate (it was 0.01, try 0.001)",
      ),
    );
    expect(saved).toEqual(["0:1", "0:2", "1:0", "1:1"]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "ends where the validation loss is %d, which is never best",
    async (loss) => {
      const saved: (number | undefined)[] = [];
      const losses = [1, 0.5, loss];
      const validate = async () => ({ loss: losses.shift()!, accuracy: 0 });
      const save = async ({ best }: Progress) => void saved.push(best?.epoch);
      await expect(trainNetwork(optionsFor(freshPlan(), { validate, save }))).rejects.toThrow(
        `the validation loss became ${loss} in epoch 3, step 3; train again with a lower learning rate`,
      );
      expect(saved).toEqual([1, 2]);
    },
  );

  it("refuses fewer images than a batch", async () => {
    await expect(trainNetwork(optionsFor(freshPlan(), { images: { ...images, labels: [0, 1, 2] } }))).rejects.toThrow(
      "expected at least one batch of 4 images, got 3 images",
    );
  });
});
