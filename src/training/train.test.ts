/** The loop and its checkpoints on a small network: the same weights however often it is stopped. */
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Immediate, TrainingPlan } from "../engine/engine.ts";
import { adam, type Optimizer, sgd } from "../engine/optimizer.ts";
import { referenceEngine } from "../engine/reference/reference-engine.ts";
import { TrainingError } from "../errors.ts";
import type { SafetensorsContent } from "../formats/safetensors.ts";
import { policies } from "../image/augmentation/policy.ts";
import { PixelFileReader } from "../image/store/pixel-file.ts";
import { xxHash32 } from "../image/store/xxhash.ts";
import { buildGraph } from "../network/graph.ts";
import { batchNorm, conv2d, dense, dropout, flatten, maxPool, normalize, relu } from "../network/layer.ts";
import { initialParameters } from "../network/parameters.ts";
import { Random } from "../random.ts";
import type { Tensors } from "../tensor.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { selectionLoader } from "./background-loader.ts";
import type { OpenLoader } from "./batch-loader.ts";
import { type CheckpointOwner, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { Progress } from "./progress.ts";
import { changeCheckpoint } from "./testing/changed-checkpoint.ts";
import { freshProgress, type TrainedNetwork, type TrainingOptions, trainNetwork } from "./train.ts";
import type { TrainingState } from "./training-state.ts";

const classes = 3;
const graph = buildGraph({
  name: "small",
  input: { channels: 3, height: 6, width: 6 },
  layers: [normalize(), conv2d(4, 3), batchNorm(), relu(), maxPool(2), flatten(), dropout(0.2), dense(classes)],
});
const seed = 7;
const count = 14; // with batches of 4: three steps, two images dropped
const pixels = new Uint8Array(count * 6 * 6 * 3).map((_, i) => (i * 2654435761) >>> 24);
const labels = Array.from({ length: count }, (_, i) => i % classes);
const images = {
  labels,
  read: (indices: ArrayLike<number>, out: Uint8Array) => {
    for (let row = 0; row < indices.length; row++) {
      out.set(pixels.subarray(indices[row]! * 108, (indices[row]! + 1) * 108), row * 108);
    }
  },
};

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

const newPlan = (optimizer: Optimizer = adam()): Immediate<TrainingPlan> =>
  referenceEngine().trainingPlan(graph, { batch: 4, optimizer, seed });

const stateOf = (plan: Immediate<TrainingPlan>, progress: Progress): TrainingState => ({
  parameters: plan.parameters(),
  optimizer: plan.optimizerState(),
  progress,
});

const bits = (tensors: Tensors): string =>
  JSON.stringify([...tensors].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString("hex")]));

function optionsFor(plan: TrainingPlan, changes: Partial<TrainingOptions> = {}): TrainingOptions {
  let time = 0;
  return {
    plan,
    images,
    inputShape: graph.inputShape,
    classes,
    epochs: 3,
    seed,
    schedule: "cosine",
    learningRate: 0.01,
    warmupEpochs: 1,
    progress: freshProgress,
    checkpointSeconds: 1e9,
    save: async () => {},
    stopwatch: () => (time += 500),
    ...changes,
  };
}

function freshPlan(optimizer?: Optimizer): Immediate<TrainingPlan> {
  const plan = newPlan(optimizer);
  plan.setParameters(initialParameters(graph.parameters, Random.of(seed)));
  return plan;
}

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

  it("ends its thread when a step fails", async () => {
    const plan = { ...freshPlan(), computeGradients: () => ({ loss: Number.NaN, logits: new Float32Array(12) }) };
    const started: Worker[] = [];
    const onWorker = (worker: Worker) => void started.push(worker);
    process.on("worker", onWorker);
    await expect(trainNetwork(optionsFor(plan, { openLoader: inBackground }))).rejects.toThrow(TrainingError);
    process.off("worker", onWorker);
    // An ended thread has no id of its own any more.
    expect(started.map(({ threadId }) => threadId)).toEqual([-1]);
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

describe("checkpoint", () => {
  const owner: CheckpointOwner = {
    graph,
    optimizer: "adam",
    seed,
    dataFingerprint: "f00d",
    recipe: { mixup: 0, weightDecay: null, classes: ["a", "b", "c"] },
    course: { epochs: 2, stepsPerEpoch: 3, batch: 4, validated: false, averaged: false },
  };
  const folder = temporaryFolder();
  let file: string;
  let written: TrainingState;

  beforeAll(async () => {
    file = join(folder, "checkpoint.safetensors");
    const plan = freshPlan();
    const { progress } = await trainNetwork(optionsFor(plan, { epochs: 1 }));
    written = stateOf(plan, progress);
    await writeCheckpoint(file, written, owner);
  });

  it("gives back the same state, and leaves nothing beside it", async () => {
    const read = (await readCheckpoint(file, owner))!;
    expect(bits(read.parameters)).toBe(bits(written.parameters));
    expect(bits(read.optimizer.tensors)).toBe(bits(written.optimizer.tensors));
    expect(read.optimizer.updates).toBe(3);
    expect(read.progress).toEqual(written.progress);
    expect(await readdir(folder)).toEqual(["checkpoint.safetensors"]);
  });

  it("is not there before the first", async () => {
    expect(await readCheckpoint(join(folder, "none"), owner)).toBeUndefined();
  });

  it("notices a flipped bit wherever it is", async () => {
    const bytes = await readFile(file);
    const damaged = join(folder, "damaged.safetensors");
    const random = Random.of(1);
    const places = [0, 7, 8, bytes.indexOf("sha256") + 10, bytes.length - 1];
    for (let i = 0; i < 60; i++) places.push(random.integer(bytes.length));
    for (const place of places) {
      const copy = Buffer.from(bytes);
      copy[place]! ^= 1 << random.integer(8);
      await writeFile(damaged, copy);
      await expect(readCheckpoint(damaged, owner), `byte ${place}`).rejects.toThrow(
        /damaged\.safetensors: this checkpoint cannot be used: .*delete it/,
      );
    }
  });

  it("notices a file cut off", async () => {
    const bytes = await readFile(file);
    const damaged = join(folder, "short.safetensors");
    for (const length of [0, 5, 100, bytes.length - 1]) {
      await writeFile(damaged, bytes.subarray(0, length));
      await expect(readCheckpoint(damaged, owner)).rejects.toThrow(
        /short\.safetensors: this checkpoint cannot be used/,
      );
    }
  });

  it("refuses the checkpoint of another run", async () => {
    const other = join(folder, "other.safetensors");
    await copyFile(file, other);
    await expect(readCheckpoint(other, { ...owner, seed: 8 })).rejects.toThrow(/another run: seed is 7, expected 8/);
    await expect(readCheckpoint(other, { ...owner, optimizer: "sgd" })).rejects.toThrow(/optimizer is adam/);
    const wider = buildGraph({ ...graph.network, layers: [...graph.network.layers.slice(0, -1), dense(4)] });
    await expect(readCheckpoint(other, { ...owner, graph: wider })).rejects.toThrow(
      /expected the tensor parameters\.7\.weight \[4, 36\], got \[3, 36\]/,
    );
    for (const [recipe, message] of [
      [{ mixup: 0.2 }, "mixup is 0, expected 0.2"],
      [{ weightDecay: 0.1 }, "weightDecay is null, expected 0.1"],
      [{ classes: ["a", "c", "b"] }, 'classes is ["a","b","c"], expected ["a","c","b"]'],
    ] as const) {
      await expect(readCheckpoint(other, { ...owner, recipe: { ...owner.recipe, ...recipe } })).rejects.toThrow(
        `it belongs to another run: ${message}`,
      );
    }
    expect(await readCheckpoint(other, { ...owner, recipe: { ...owner.recipe, addedLater: 1 } })).toBeDefined();
  });

  const withProgress = (change: (progress: Progress) => unknown) => (content: SafetensorsContent) => ({
    ...content,
    metadata: { ...content.metadata, progress: JSON.stringify(change(written.progress)) },
  });
  const epochChanged = (change: object) =>
    withProgress((progress) => ({ ...progress, history: [{ ...progress.history[0]!, ...change }] }));
  const tensorChanged =
    (name: string, value: number) =>
    ({ tensors, metadata }: SafetensorsContent): SafetensorsContent => {
      tensors.get(name)!.data[1] = value;
      return { tensors, metadata };
    };
  it.each<[string, (content: SafetensorsContent) => SafetensorsContent, string]>([
    [
      "a step beyond the epoch",
      withProgress((progress) => ({ ...progress, step: 1e9 })),
      "it is after step 1000000000 of 3",
    ],
    ["an epoch beyond the last", withProgress((progress) => ({ ...progress, epoch: 3 })), "it is after epoch 3 of 2"],
    [
      "a step that was not taken",
      withProgress((progress) => ({ ...progress, step: 1 })),
      "its weights were updated 3 times",
    ],
    ["no history", withProgress((progress) => ({ ...progress, history: [] })), "figures of 0 epochs after epoch 1"],
    ["the figures of another epoch", epochChanged({ epoch: 2 }), "the figures of epoch 1 are not those"],
    ["figures of other images", epochChanged({ images: 13 }), "the figures of epoch 1 are not those"],
    ["figures of no validation", epochChanged({ validationLoss: 1 }), "the figures of epoch 1 are not those"],
    ["an accuracy above 1", epochChanged({ accuracy: 1.5 }), "its metadata are incomplete"],
    ["negative seconds", epochChanged({ seconds: -1 }), "its metadata are incomplete"],
    [
      "a best epoch",
      withProgress((progress) => ({ ...progress, best: { epoch: 1, loss: 0 } })),
      "epoch 1 is called the best",
    ],
    ["weights that are no numbers", tensorChanged("parameters.7.weight", Number.NaN), "no finite number"],
    ["state that is infinite", tensorChanged("optimizer.mean.7.weight", Number.NEGATIVE_INFINITY), "no finite number"],
    ["another format", ({ tensors, metadata }) => ({ tensors, metadata: { ...metadata, format: "x" } }), "format is x"],
  ])("refuses one that was made up, with a checksum that fits: %s", async (_, change, message) => {
    const crafted = join(folder, "crafted.safetensors");
    await copyFile(file, crafted);
    await changeCheckpoint(crafted, change);
    await expect(readCheckpoint(crafted, owner)).rejects.toThrow(message);
  });

  it("reads one of an earlier version for a run of that version, and takes seconds below 0 as none", async () => {
    const older = join(folder, "older.safetensors");
    await copyFile(file, older);
    await changeCheckpoint(older, ({ tensors, metadata: { recipe: _, ...metadata } }) => ({
      ...epochChanged({ seconds: -3 })({ tensors, metadata: { ...metadata, format: "naevus checkpoint 1" } }),
    }));
    await expect(readCheckpoint(older, owner)).rejects.toThrow("format is naevus checkpoint 1");
    const read = await readCheckpoint(older, { ...owner, olderRun: true });
    expect(read!.progress.history[0]).toEqual({ ...written.progress.history[0]!, seconds: 0 });
  });

  it("writes nothing that it would not read, and keeps what was there", async () => {
    const kept = join(folder, "kept.safetensors");
    await copyFile(file, kept);
    for (const progress of [
      { ...written.progress, step: 4 },
      { ...written.progress, tally: { loss: Number.NaN, correct: 0, seconds: 0 } },
      { ...written.progress, history: [{ ...written.progress.history[0]!, seconds: -1 }] },
    ]) {
      await expect(writeCheckpoint(kept, { ...written, progress }, owner)).rejects.toThrow(
        /kept\.safetensors: not written, as it could not be read again/,
      );
    }
    expect(await readFile(kept)).toEqual(await readFile(file));
  });

  it("reads whatever it wrote", async () => {
    const any = join(folder, "any.safetensors");
    const number = fc.double({ noNaN: false });
    const metrics = fc.record({
      epoch: fc.constantFrom(0, 1, 2),
      loss: number,
      accuracy: fc.oneof(number, fc.double({ min: 0, max: 1, noNaN: true })),
      learningRate: number,
      images: fc.constantFrom(0, 12, 12, 12),
      seconds: number,
      imagesPerSecond: number,
    });
    let writes = 0;
    await fc.assert(
      fc.asyncProperty(metrics, fc.constantFrom(0, 3, 3, 3), async (one, updates) => {
        const progress: Progress = { ...written.progress, history: [one] };
        const optimizer = { ...written.optimizer, updates };
        try {
          await writeCheckpoint(any, { ...written, progress, optimizer }, owner);
        } catch (error) {
          expect((error as Error).message).toContain("not written");
          return;
        }
        writes++;
        const read = (await readCheckpoint(any, owner))!;
        expect(JSON.stringify(read.progress)).toBe(JSON.stringify(progress));
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(writes).toBeGreaterThan(3);
  });
});
