/** A trained model file, loaded and ready to judge images; this folder is the only one that knows ONNX Runtime. */
import { createHash } from "node:crypto";
import { readWhole } from "../disk/files.ts";
import { readSentence } from "../disk/system-errors.ts";
import { ModelError } from "../errors.ts";
import { lacksMemory, lessWork, memoryError } from "../memory.ts";
import { checksumFits } from "../onnx/checksum.ts";
import { readMetadata, type StoredMetadata } from "../onnx/model-metadata.ts";
import { tensorNames } from "../onnx/onnx-model.ts";
import { importRuntime, type Runtime, type RuntimeName, type RuntimeSession, runtimeTrouble } from "./runtime.ts";

export { ModelError } from "../errors.ts";

/** Images that the runtime sees at once: enough to use it well, little enough that memory stays bounded. */
const BATCH = 32;

const CHANNELS = 3;

/** How a model file is run. */
export interface LoadOptions {
  /** Threads for the operators; by default the runtime's own choice, one per core. WebAssembly takes one. */
  readonly threads?: number;
  /** Which build of ONNX Runtime judges; by default the native one, or WebAssembly where that is not installed or does not load. */
  readonly runtime?: RuntimeName;
}

/** A model file that is open and judges images. */
export interface Model {
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[];
  /** Of the images, in pixels. */
  readonly imageSize: readonly [height: number, width: number];
  readonly metadata: StoredMetadata;
  /**
   * Probabilities (count, classes) of `count` images, as bytes (count, height, width, 3): sRGB, not normalised.
   * Throws {@link ModelError} where the bytes are not that many, or the model was disposed of.
   */
  probabilities(images: Uint8Array, count: number): Promise<Float32Array>;
  /** Frees the runtime's memory. Safe to call twice. */
  dispose(): Promise<void>;
}

async function readModelFile(file: string): Promise<Uint8Array> {
  try {
    return await readWhole(file);
  } catch (cause) {
    throw new ModelError(readSentence(file, cause, "expected the model.onnx of a run"), { cause });
  }
}

function imageSizeOf(metadata: StoredMetadata, { inputMetadata, outputMetadata }: RuntimeSession): Model["imageSize"] {
  const { classes, imageHeight, imageWidth } = metadata;
  const images = inputMetadata.find(({ name }) => name === tensorNames.images);
  const probabilities = outputMetadata.find(({ name }) => name === tensorNames.probabilities);
  if (!images?.isTensor || !probabilities?.isTensor) {
    throw new ModelError(`a model without ${tensorNames.images} or without ${tensorNames.probabilities}`);
  }
  if (images.type !== "uint8") throw new ModelError(`a model that reads ${images.type}, not images of bytes`);
  if (images.shape.slice(1).join("x") !== [imageHeight, imageWidth, CHANNELS].join("x")) {
    throw new ModelError(
      `a model for ${images.shape.slice(1).join("x")} bytes whose metadata say ${imageHeight}x${imageWidth} pixels of ${CHANNELS}`,
    );
  }
  if (probabilities.shape[1] !== classes.length) {
    throw new ModelError(`a model of ${probabilities.shape[1]} classes whose metadata name ${classes.length}`);
  }
  return [imageHeight, imageWidth];
}

async function createSession(
  { library, executionProvider, version }: Runtime,
  bytes: Uint8Array,
  { threads }: LoadOptions,
): Promise<RuntimeSession> {
  // Errors are thrown; the runtime's own log would print them as well.
  library.env.logLevel = "fatal";
  try {
    return await library.InferenceSession.create(bytes, {
      executionProviders: [executionProvider],
      logSeverityLevel: 4,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    });
  } catch (cause) {
    if (lacksMemory(cause)) throw memoryError("loading the model", lessWork, cause);
    const trouble = runtimeTrouble(cause as Error);
    if (trouble) throw trouble;
    const reason = (cause as Error).message;
    throw new ModelError(`a damaged model, or one that ONNX Runtime ${version} is too old for: ${reason}`, { cause });
  }
}

/**
 * Loads a `model.onnx` that naevus wrote, from its file or from the file's content. Throws {@link ModelError}, which names the file and
 * what is wrong: missing, no ONNX, not written by naevus, damaged or changed since, or not for images of bytes.
 */
export async function loadModel(file: string | Uint8Array, options: LoadOptions = {}): Promise<Model> {
  const bytes = typeof file === "string" ? await readModelFile(file) : file;
  try {
    const metadata = readMetadata(bytes);
    if (!checksumFits(bytes, (content) => createHash("sha256").update(content).digest())) {
      throw new ModelError(
        "a damaged model, or one that another program changed: its checksum does not fit its content",
      );
    }
    const runtime = await importRuntime(options.runtime);
    const session = await createSession(runtime, bytes, options);
    return openModel(metadata, imageSizeOf(metadata, session), session, runtime);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const name = typeof file === "string" ? file : "the bytes of a model";
    throw new ModelError(`${name}: ${error.message}; expected the model.onnx of a run`, { cause: error.cause });
  }
}

function openModel(
  metadata: StoredMetadata,
  imageSize: Model["imageSize"],
  session: RuntimeSession,
  { library }: Runtime,
): Model {
  const { classes } = metadata;
  const [height, width] = imageSize;
  const imageBytes = height * width * CHANNELS;
  let open = true;
  let running: Promise<unknown> = Promise.resolve();

  const runBatch = async (images: Uint8Array): Promise<Float32Array> => {
    if (!open) throw new ModelError("the model was disposed of; load it again");
    const count = images.length / imageBytes;
    const input = new library.Tensor("uint8", images, [count, height, width, CHANNELS]);
    const outputs = await session.run({ [tensorNames.images]: input }, [tensorNames.probabilities]);
    const probabilities = outputs[tensorNames.probabilities]!.data as Float32Array;
    if (probabilities.some(Number.isNaN)) {
      throw new ModelError(
        "the model gives probabilities that are no numbers, as its training went astray; train again with a lower learning rate",
      );
    }
    return probabilities;
  };

  const runBatches = async (images: Uint8Array, count: number): Promise<Float32Array> => {
    const result = new Float32Array(count * classes.length);
    for (let start = 0; start < count; start += BATCH) {
      const end = Math.min(start + BATCH, count);
      result.set(await runBatch(images.subarray(start * imageBytes, end * imageBytes)), start * classes.length);
    }
    return result;
  };

  return {
    classes,
    imageSize,
    metadata,
    async probabilities(images, count) {
      if (!Number.isInteger(count) || count < 0 || images.length !== count * imageBytes) {
        throw new ModelError(
          `expected ${count} images of ${height}x${width}x${CHANNELS} bytes = ${count * imageBytes}, got ${images.length}`,
        );
      }
      const work = runBatches(images, count);
      running = Promise.allSettled([running, work]);
      return work;
    },
    async dispose() {
      if (!open) return;
      open = false;
      // The batch that is under way may not lose its session; the next one is refused.
      await running;
      await session.release();
    },
  };
}
