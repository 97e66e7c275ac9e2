/** A study's folder: the result of every step as JSON, kept with a hash of its inputs, so that nothing is done twice. */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readText, removeTemporaryFiles, writeError, writeFileAtomic } from "../disk/files.ts";
import type { FolderLock } from "../disk/folder-lock.ts";
import { makeOutputFolder } from "../disk/output-folder.ts";
import { sealed, unsealed } from "../disk/sealed-json.ts";
import { lockRun } from "../run/folder/run-lock.ts";
import { type Stopwatch, secondsSince } from "../stopwatch.ts";

/** One step of a study, as data: what it is, what it depends on, and how it is done. */
export interface StudyStep<T> {
  /** Names the file of its result, such as `imbalance-focal-fold-0`. */
  readonly id: string;
  /** All that its result depends on, as JSON. */
  readonly inputs: unknown;
  readonly run: () => Promise<T>;
  /** Whether a stored result still holds, where it speaks of other files; default true. */
  readonly holds?: () => Promise<boolean>;
}

const storedSchema = z.strictObject({
  step: z.string(),
  inputs: z.string(),
  seconds: z.number().min(0),
  /** Absent where the step was stopped. */
  result: z.json().optional(),
});

/** A step that is done. */
export interface DoneStep<T> {
  readonly result: T;
  /** Seconds that it took when it was done, those before it was stopped included. */
  readonly seconds: number;
  /** Whether it was done before and not again. */
  readonly kept: boolean;
}

/** The folder of a study, which holds the result of each step. */
export class StudyFolder {
  readonly path: string;
  readonly #now: Stopwatch;
  readonly #lock: FolderLock;

  private constructor(path: string, now: Stopwatch, lock: FolderLock) {
    this.path = path;
    this.#now = now;
    this.#lock = lock;
  }

  /**
   * Opens a folder for a study of a data folder, made where it is missing, and takes it for this process until `close`. Throws as
   * `makeOutputFolder`, RunError where another process works in it.
   */
  static async open(
    path: string,
    data: string,
    { stopwatch, onWait }: { readonly stopwatch: Stopwatch; readonly onWait?: (message: string) => void },
  ): Promise<StudyFolder> {
    const steps = join(path, "steps");
    await makeOutputFolder(path, data);
    const lock = await lockRun(path, { onWait });
    try {
      await mkdir(steps, { recursive: true }).catch((error: unknown) => {
        throw writeError(steps, error);
      });
      await removeTemporaryFiles(path);
      await removeTemporaryFiles(steps);
    } catch (error) {
      await lock.release();
      throw error;
    }
    return new StudyFolder(path, stopwatch, lock);
  }

  /** Lets go of the folder. */
  close(): Promise<void> {
    return this.#lock.release();
  }

  /**
   * The step's result: the stored one where the inputs are the same, else of a new run, which is stored before it is returned. Where
   * the run fails or is stopped, the seconds that it took are stored, and count when it is gone on with.
   */
  async do<T>({ id, inputs, run, holds }: StudyStep<T>): Promise<DoneStep<T>> {
    const file = join(this.path, "steps", `${id}.json`);
    const hash = createHash("sha256").update(JSON.stringify(inputs)).digest("hex");
    const found = await readStored(file, id);
    const stored = found?.inputs === hash ? found : undefined;
    if (stored?.result !== undefined && (holds === undefined || (await holds())))
      return { result: stored.result as T, seconds: stored.seconds, kept: true };
    const before = stored !== undefined && stored.result === undefined ? stored.seconds : 0;
    const begun = this.#now();
    const secondsSoFar = () => before + secondsSince(begun, this.#now);
    const store = async (seconds: number, result?: T): Promise<void> => {
      await this.#lock.check();
      const content = sealed({ step: id, inputs: hash, seconds, result });
      await writeFileAtomic(file, `${JSON.stringify(content)}\n`);
    };
    let result: T;
    try {
      result = await run();
    } catch (error) {
      await store(secondsSoFar()).catch(() => {});
      throw error;
    }
    const seconds = secondsSoFar();
    await store(seconds, result);
    // As it will be read the next time: what JSON cannot hold is noticed at once.
    return { result: JSON.parse(JSON.stringify(result)) as T, seconds, kept: false };
  }
}

/** What is stored of a step; undefined where there is nothing, or it was damaged, so that the step is done again. */
async function readStored(file: string, step: string): Promise<z.output<typeof storedSchema> | undefined> {
  try {
    const { content, isSealed } = unsealed(await readText(file));
    const stored = storedSchema.parse(content);
    return isSealed && stored.step === step ? stored : undefined;
  } catch {
    return undefined;
  }
}

/** Float32 numbers as text, exactly. */
export const packFloats = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");

/** The numbers that {@link packFloats} made into text. */
export function unpackFloats(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return new Float32Array(bytes.buffer);
}
