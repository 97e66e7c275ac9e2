/** The training loop on a small network: the same weights however often it is stopped. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adam, type Optimizer, rmsProp, sgd } from "../engine/optimizer.ts";
import { referenceEngine } from "../engine/reference/reference-engine.ts";
import { TrainingError } from "../errors.ts";
import { policies } from "../image/augmentation/policy.ts";
import { PixelFileReader } from "../image/store/pixel-file.ts";
import { xxHash32 } from "../image/store/xxhash.ts";
import type { Tensors } from "../tensor.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { selectionLoader } from "./background-loader.ts";
import type { OpenLoader } from "./batch-loader.ts";
import { epochOrder } from "./imbalance.ts";
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
  seed,
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
  const onPlateau: Partial<TrainingOptions> = {
    schedule: "plateau",
    scheduleNumbers: { plateauPatience: 0, gamma: 0.5 },
    keepBest: false,
    validate: async (_, epoch) => ({ loss: 1 + epoch, accuracy: 0 }),
  };
  it.each<[string, Optimizer, Partial<TrainingOptions>]>([
    ["adam", adam(), {}],
    ["sgd", sgd(), {}],
    ["augmented", adam(), augmented],
    ["augmented in the background", adam(), { ...augmented, openLoader: inBackground }],
    ["averaged", adam(), { averaging: 0.9 }],
    ["averaged at the ends of epochs", adam(), { ...augmented, swa: 0.4 }],
    ["sharpness-aware", sgd(), { sam: 0.05 }],
    ["of a rate that falls on a plateau", rmsProp(), onPlateau],
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

  it("lowers the rate after an epoch without a lower validation loss", async () => {
    const { progress } = await trainNetwork(optionsFor(freshPlan(), { ...onPlateau, warmupEpochs: 0 }));
    expect(progress.history.map(({ learningRate }) => learningRate)).toEqual([0.01, 0.01, 0.005]);
  });

  it("keeps the mean of the weights at the ends of the last epochs, with batch statistics of its own", async () => {
    const plan = freshPlan(sgd());
    const ends: Tensors[] = [];
    const judged: Tensors[] = [];
    const { parameters } = await trainNetwork(
      optionsFor(plan, {
        swa: 0.5,
        keepBest: false,
        validate: async (weights) => {
          judged.push(weights);
          ends.push(plan.parameters());
          return { loss: 1, accuracy: 0 };
        },
      }),
    );
    const of = (tensors: Tensors, name: string) => [...tensors.get(name)!.data];
    const means = of(ends[1]!, "1.weight").map((value, i) => (value + of(ends[2]!, "1.weight")[i]!) / 2);
    expect(bits(judged[0]!)).toBe(bits(ends[0]!));
    of(parameters, "1.weight").forEach((value, i) => {
      expect(value).toBeCloseTo(means[i]!, 6);
    });
    // What a plan with these weights sees of the same batches.
    const other = freshPlan();
    other.setParameters(parameters);
    const order = epochOrder("none", images.labels, seed, 2);
    for (let batch = 0; batch < 3; batch++) {
      const input = new Uint8Array(4 * 108);
      images.read(order.slice(4 * batch, 4 * batch + 4), input);
      other.measureStatistics(input, 1 / (batch + 1));
    }
    for (const name of ["2.runningMean", "2.runningVariance"]) {
      of(other.parameters(), name).forEach((value, i) => {
        expect(of(parameters, name)[i]).toBeCloseTo(value, 5);
      });
      expect(of(parameters, name)).not.toEqual(of(ends[2]!, name));
    }
  });

  it("takes the gradients of a sharpness-aware step where the loss is highest near by, and counts its images once", async () => {
    const calls: string[] = [];
    const plan = freshPlan(sgd());
    const told = new Proxy(plan, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...values: unknown[]) => {
          calls.push(String(name));
          return value.apply(target, values);
        };
      },
    });
    const { progress } = await trainNetwork(optionsFor(told, { sam: 0.05, epochs: 1 }));
    const step = ["computeGradients", "perturb", "computeGradients", "restore", "update"];
    expect(calls.slice(0, 15)).toEqual([...step, ...step, ...step]);
    expect(progress.history[0]!.images).toBe(12);
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
