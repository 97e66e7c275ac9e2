/** Batches made beside the training loop, in worker threads ahead of the engine. */
import { availableParallelism } from "node:os";
import type { MessagePort, Worker } from "node:worker_threads";
import { type ImageSelection, readSelection, selectionOfThread } from "../image/store/pixel-file.ts";
import { startThreads } from "../threads.ts";
import {
  allocateBatch,
  type BatchLoader,
  type BatchLoaderOptions,
  directLoader,
  noFurtherBatch,
  type OpenLoader,
} from "./batch-loader.ts";
import { type Batch, type BatchJob, BatchMaker, type BatchRecipe, type Share } from "./batches.ts";

/** What a worker is given first. */
export interface BatchWorkerData {
  readonly recipe: BatchRecipe;
  readonly images: ImageSelection;
  /** The ring of batches, in memory that the threads share. */
  readonly ring: readonly Batch[];
  /** What it makes of each batch. */
  readonly share: Share;
}

/** What every worker is asked for; it answers with the place in the ring when its share is made. */
export interface BatchRequest {
  readonly place: number;
  readonly job: BatchJob;
}

/** Each takes some memory and time to start. */
const mostWorkers = 4;

/**
 * Makes batches in worker threads, up to `ahead` of the one in use. Each worker makes its share of every batch. The numbers of workers and of batches
 * ahead change nothing about the batches; nor does it where no thread can be had, and each batch is made here when it is asked for.
 *
 * By default there is a worker for each processor, up to four. The engine's own threads use every processor and wait for each other, so a worker beside one of them
 * holds up all of them: the shares of a batch, at the same time on all processors, hold them up for a part of the time. Threads
 * start when the first batch is asked for.
 */
export function backgroundLoader(
  options: BatchLoaderOptions & {
    readonly images: ImageSelection;
    readonly workers?: number;
    readonly ahead?: number;
  },
): BatchLoader {
  const { recipe, images, jobs, workers: count = Math.min(availableParallelism(), mostWorkers), ahead = 2 } = options;
  const ring = Array.from({ length: ahead + 1 }, () => allocateBatch(options, SharedArrayBuffer));
  const open = async (): Promise<BatchLoader> => {
    const data = Array.from({ length: count }, (_, index): BatchWorkerData => {
      return { recipe, images, ring, share: { index, of: count } };
    });
    const workers = await startThreads("batches", data);
    return workers === undefined ? directSelectionLoader(images, options) : threadLoader(workers, ring, jobs);
  };
  let loader: Promise<BatchLoader> | undefined;
  return {
    async next() {
      loader ??= open();
      return (await loader).next();
    },
    async close() {
      await (await loader)?.close();
    },
  };
}

const directSelectionLoader = (images: ImageSelection, options: BatchLoaderOptions): BatchLoader =>
  directLoader({ ...options, read: (rows, out) => readSelection(images, rows, out) });

function threadLoader(
  workers: readonly Worker[],
  ring: readonly Batch[],
  jobs: BatchLoaderOptions["jobs"],
): BatchLoader {
  // By worker: of how many batches it has made its share.
  const made = workers.map(() => 0);
  const failures: (Error | undefined)[] = workers.map(() => undefined);
  let notify: (() => void) | undefined;
  let requested = 0;
  let delivered = 0;

  function request(): void {
    const { value: job, done: isLast } = jobs.next();
    if (isLast) return;
    const message: BatchRequest = { place: requested % ring.length, job };
    for (const worker of workers) worker.postMessage(message);
    requested++;
  }
  for (const [index, worker] of workers.entries()) {
    worker.on("message", () => {
      made[index]!++;
      notify?.();
    });
    // An error may overtake the batches that were made before it; all of them have come when the thread has ended.
    let cause: Error | undefined;
    worker.on("error", (error: Error) => {
      cause = error;
    });
    worker.on("exit", (code) => {
      failures[index] = cause ?? new Error(`batch loader: a worker thread ended early (exit code ${code})`);
      notify?.();
    });
  }
  for (let i = 0; i < ring.length; i++) request();

  return {
    async next() {
      // The batch delivered last is no longer in use.
      if (delivered > 0) request();
      if (delivered === requested) throw noFurtherBatch();
      const isMissing = (batches: number) => batches <= delivered;
      while (made.some(isMissing)) {
        const failure = failures.find((_, index) => isMissing(made[index]!));
        if (failure) throw failure;
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
      return ring[delivered++ % ring.length]!;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Below it (some thousand small images), starting a thread takes longer than what it takes over. */
export const leastBytesForThread = 2 ** 26;

/** Batches of a selection: from a thread of its own where `background` says so, by default where it pays, else made in place. */
export const selectionLoader =
  (images: ImageSelection, background?: boolean): OpenLoader =>
  (options, imagesToRead) => {
    const { height, width } = options.recipe;
    return (background ?? imagesToRead * height * width * 3 >= leastBytesForThread)
      ? backgroundLoader({ ...options, images })
      : directSelectionLoader(images, options);
  };

/** What a worker does: answers each request once its batch is made. */
export function serveBatches({ recipe, images, ring, share }: BatchWorkerData, port: MessagePort): void {
  const own = selectionOfThread(images);
  const maker = new BatchMaker(recipe, (rows, out) => readSelection(own, rows, out));
  port.on("message", ({ place, job }: BatchRequest) => {
    maker.make(job, ring[place]!, share);
    port.postMessage(place);
  });
}
