/** Brings batches to the training loop, in order: what a loader is, and the one that makes each batch in place. */
import { type Batch, type BatchJob, BatchMaker, type BatchRecipe } from "./batches.ts";

/** Gives the batches of a list of jobs, in order, whoever makes them. */
export interface BatchLoader {
  /** The next batch; it is overwritten once the one after it is asked for. Throws what went wrong while it was made. */
  next(): Promise<Batch>;
  /** Ends the threads. The images must stay open until this is done. */
  close(): Promise<void>;
}

/** The batches that are made, and what they are made of. */
export interface BatchLoaderOptions {
  readonly recipe: BatchRecipe;
  /** Images in every batch. */
  readonly batch: number;
  /** Asked for no earlier than needed. */
  readonly jobs: Iterator<BatchJob>;
}

/** How a training that reads so many images, all epochs together, gets its batches. */
export type OpenLoader = (options: BatchLoaderOptions, imagesToRead: number) => BatchLoader;

/** Reads images (rows count from 0) into (rows, height, width, 3). */
export type ReadImages = (rows: ArrayLike<number>, out: Uint8Array) => void;

export const noFurtherBatch = (): RangeError => new RangeError("batch loader: there is no further batch");

/** Room for one batch. */
export function allocateBatch(
  { recipe, batch }: Pick<BatchLoaderOptions, "recipe" | "batch">,
  Memory: new (bytes: number) => ArrayBufferLike,
): Batch {
  const { height, width, classes } = recipe;
  return {
    input: new Uint8Array(new Memory(batch * height * width * 3)),
    targets: new Float32Array(new Memory(batch * classes * 4)),
  };
}

/** Makes each batch in this thread, when it is asked for. */
export function directLoader(options: BatchLoaderOptions & { readonly read: ReadImages }): BatchLoader {
  const maker = new BatchMaker(options.recipe, options.read);
  const batch = allocateBatch(options, ArrayBuffer);
  return {
    async next() {
      const { value, done } = options.jobs.next();
      if (done) throw noFurtherBatch();
      maker.make(value, batch);
      return batch;
    },
    async close() {},
  };
}
