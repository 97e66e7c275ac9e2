/** Batch loaders: the same batches whoever makes them, errors that reach the caller, and threads that end. */
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { policies } from "../image/augmentation/policy.ts";
import { type ImageSelection, PixelFileReader, readSelection } from "../image/store/pixel-file.ts";
import { xxHash32 } from "../image/store/xxhash.ts";
import { Random } from "../random.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { backgroundLoader } from "./background-loader.ts";
import { type BatchLoader, directLoader } from "./batch-loader.ts";
import { type Batch, type BatchJob, BatchMaker, type BatchRecipe, plainPreparation } from "./batches.ts";

const [height, width, classes, count, batch] = [8, 8, 3, 10, 4];
const imageBytes = height * width * 3;
const recipe: BatchRecipe = {
  height,
  width,
  classes,
  seed: 5,
  augmentation: policies.strong,
  mixing: { mixup: 0.4, cutmix: 1 },
};
const random = Random.of(1);
const pixels = Uint8Array.from({ length: count * imageBytes }, () => random.integer(256));

const stored = Array.from({ length: count }, (_, slot) => ({
  slot,
  checksum: xxHash32(pixels.subarray(slot * imageBytes, (slot + 1) * imageBytes)),
}));

const folder = temporaryFolder();
let file: string;
let reader: PixelFileReader;
let images: ImageSelection;
const open: BatchLoader[] = [];

beforeAll(async () => {
  file = join(folder, "pixels.rgb");
  await writeFile(file, pixels);
  reader = new PixelFileReader(file, imageBytes, count, stored);
  // In another order than in the file.
  images = { ...reader.pixels, slots: Uint32Array.from({ length: count }, (_, i) => count - 1 - i) };
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((loader) => loader.close()));
});
afterAll(() => {
  reader.close();
});

function* jobs(first = 0, last = 7): Generator<BatchJob, void> {
  for (let i = first; i < last; i++) {
    const [epoch, step] = [Math.floor(i / 3), i % 3];
    const indices = Uint32Array.from({ length: batch }, (_, row) => (i * 3 + row) % count);
    yield { epoch, step, indices, labels: indices.map((index) => index % classes) };
  }
}

const opened = <L extends BatchLoader>(loader: L): L => {
  open.push(loader);
  return loader;
};
const direct = (given = jobs(), made: BatchRecipe = recipe): BatchLoader =>
  opened(directLoader({ recipe: made, batch, jobs: given, read: (rows, out) => readSelection(images, rows, out) }));
const background = (options: { workers?: number; ahead?: number } = {}, given = jobs()): BatchLoader =>
  opened(backgroundLoader({ recipe, batch, jobs: given, images, ...options }));

async function take(loader: BatchLoader, number: number): Promise<string[]> {
  const batches: string[] = [];
  for (let i = 0; i < number; i++) {
    const { input, targets } = await loader.next();
    batches.push(`${Buffer.from(input).toString("hex")} ${targets.join()}`);
  }
  return batches;
}

/** The threads that are started from now on; one that has ended has the id -1. */
function watchThreads(): { started: Worker[]; stopWatching: () => void } {
  const started: Worker[] = [];
  const onWorker = (worker: Worker) => void started.push(worker);
  process.on("worker", onWorker);
  return { started, stopWatching: () => process.off("worker", onWorker) };
}

describe("backgroundLoader", () => {
  it.each([
    { workers: 1, ahead: 1 },
    { workers: 1, ahead: 2 },
    { workers: 2, ahead: 3 },
    { workers: 3, ahead: 1 },
    { workers: 1, ahead: 20 },
  ])("gives the batches of the direct loader, with %o", async (options) => {
    const expected = await take(direct(), 7);
    expect(new Set(expected).size).toBe(7);
    const loader = background(options);
    expect(await take(loader, 7)).toEqual(expected);
    await expect(loader.next()).rejects.toThrow("there is no further batch");
  });

  it("goes on in the middle with the same batches", async () => {
    const expected = await take(direct(), 7);
    expect(await take(background({}, jobs(4)), 3)).toEqual(expected.slice(4));
  });

  it("leaves the batch in use alone while it makes others", async () => {
    const expected = await take(direct(), 1);
    const loader = background({ ahead: 1 });
    const { input, targets } = await loader.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(`${Buffer.from(input).toString("hex")} ${targets.join()}`).toBe(expected[0]);
  });

  it("asks for no more jobs than it has room for", async () => {
    let asked = 0;
    const counted = (function* () {
      for (const job of jobs()) {
        asked++;
        yield job;
      }
    })();
    const loader = background({ ahead: 2 }, counted);
    expect(asked).toBe(0);
    await loader.next();
    expect(asked).toBe(3);
    await loader.next();
    expect(asked).toBe(4);
  });

  it.each([1, 2])("passes on what went wrong in a worker, after the batches before it: %i workers", async (workers) => {
    const short = join(folder, "short.rgb");
    await writeFile(short, pixels);
    const shortReader = new PixelFileReader(short, imageBytes, count, stored);
    await truncate(short, 8 * imageBytes);
    const loader = opened(
      backgroundLoader({
        recipe,
        batch,
        jobs: jobs(),
        workers,
        images: { ...shortReader.pixels, slots: Uint32Array.from({ length: count }, (_, i) => i) },
      }),
    );
    // The first two batches hold images 0 to 6, the third image 6 to 9.
    expect(await take(loader, 2)).toHaveLength(2);
    await expect(loader.next()).rejects.toThrow(/short\.rgb: shorter than its index says/);
    await expect(loader.next()).rejects.toThrow(/short\.rgb/);
    shortReader.close();
  });

  it("says which file is damaged, and what to do", async () => {
    const damaged = join(folder, "damaged.rgb");
    await writeFile(damaged, pixels);
    const own = new PixelFileReader(damaged, imageBytes, count, stored);
    await writeFile(
      damaged,
      pixels.map((value, i) => (i === 9 * imageBytes + 3 ? value ^ 1 : value)),
    );
    const loader = opened(
      backgroundLoader({
        recipe,
        batch,
        jobs: jobs(),
        images: { ...own.pixels, slots: Uint32Array.from({ length: count }, (_, i) => i) },
      }),
    );
    expect(await take(loader, 2)).toHaveLength(2);
    await expect(loader.next()).rejects.toThrow(
      /damaged\.rgb: image 10 in it is damaged; delete the file and start again/,
    );
    own.close();
  });

  it("starts its threads with the first batch, and ends them, with work under way or none", async () => {
    const unused = watchThreads();
    await background().close();
    await nextTurn(); // The event comes after the constructor.
    expect(unused.started).toEqual([]);
    unused.stopWatching();
    for (const taken of [1, 3, 7]) {
      const { started, stopWatching } = watchThreads();
      const loader = background({ workers: 2, ahead: 3 });
      await take(loader, taken);
      expect(started.map(({ threadId }) => threadId > 0)).toEqual([true, true]);
      await loader.close();
      expect(started.map(({ threadId }) => threadId)).toEqual([-1, -1]);
      await loader.close();
      stopWatching();
    }
  });
});

describe("BatchMaker", () => {
  it("gives images and labels as they are where nothing else is asked for", async () => {
    const { input, targets } = await direct(jobs(), { ...recipe, ...plainPreparation }).next();
    // Image i lies at place 9 - i of the file.
    const expected = [9, 8, 7, 6].flatMap((slot) => [...pixels.subarray(slot * imageBytes, (slot + 1) * imageBytes)]);
    expect([...input]).toEqual(expected);
    expect([...targets]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]);
  });

  it.each([1, 2, 4, 5, 7])("makes a batch of %i images in shares as at once", (size) => {
    const read = (rows: ArrayLike<number>, out: Uint8Array) => readSelection(images, rows, out);
    const made = (shares: number): Batch => {
      const out = { input: new Uint8Array(size * imageBytes), targets: new Float32Array(size * classes).fill(9) };
      const indices = Uint32Array.from({ length: size }, (_, i) => (3 * i) % count);
      const labels = indices.map((index) => index % classes);
      for (let index = shares - 1; index >= 0; index--) {
        new BatchMaker(recipe, read).make({ epoch: 1, step: 2, indices, labels }, out, { index, of: shares });
      }
      return out;
    };
    for (const shares of [2, 3, 4]) expect(made(shares)).toEqual(made(1));
  });

  it("varies an image from epoch to epoch and from place to place", () => {
    const read = (_: ArrayLike<number>, out: Uint8Array) => {
      for (let row = 0; row < batch; row++) out.set(pixels.subarray(0, imageBytes), row * imageBytes);
    };
    const maker = new BatchMaker({ ...recipe, mixing: { mixup: 0, cutmix: 0 } }, read);
    const same = new Uint32Array(batch);
    const pictures = new Set<string>();
    for (const epoch of [0, 1]) {
      const out = { input: new Uint8Array(batch * imageBytes), targets: new Float32Array(batch * classes) };
      maker.make({ epoch, step: 0, indices: same, labels: same }, out);
      for (let row = 0; row < batch; row++) {
        pictures.add(out.input.subarray(row * imageBytes, (row + 1) * imageBytes).join());
      }
    }
    expect(pictures.size).toBe(8);
  });
});
