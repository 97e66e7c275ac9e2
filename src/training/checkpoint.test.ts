/** Checkpoints: they give back what was written, and notice all that is damaged or belongs elsewhere. */
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { SafetensorsContent } from "../formats/safetensors.ts";
import { buildGraph } from "../network/graph.ts";
import { dense } from "../network/layer.ts";
import { Random } from "../random.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { type CheckpointOwner, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { Progress } from "./progress.ts";
import { changeCheckpoint } from "./testing/changed-checkpoint.ts";
import { bits, freshPlan, graph, optionsFor, seed, stateOf } from "./testing/small-training.ts";
import { trainNetwork } from "./train.ts";
import type { TrainingState } from "./training-state.ts";

describe("checkpoint", () => {
  const owner: CheckpointOwner = {
    graph,
    optimizer: "adam",
    seed,
    dataFingerprint: "f00d",
    recipe: { mixup: 0, weightDecay: null, classes: ["a", "b", "c"] },
    course: { epochs: 2, stepsPerEpoch: 3, batch: 4, validated: false, averagedFrom: undefined },
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
