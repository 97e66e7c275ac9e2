/** A checkpoint: weights, optimizer and position in one safetensors file with a checksum, from which training goes on. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { OptimizerState } from "../engine/engine.ts";
import { type Optimizer, optimizerSlots } from "../engine/optimizer.ts";
import { readWhole, writeFileAtomic } from "../files.ts";
import type { Graph } from "../network/graph.ts";
import type { Tensor, Tensors } from "../network/parameters.ts";
import { readSentence } from "../system-errors.ts";
import { readSafetensors, SafetensorsError, safetensorsChunks, safetensorsHeader } from "./safetensors.ts";

/** What is recorded of an epoch. */
export const metricsSchema = z.strictObject({
  epoch: z.int().min(1).describe("Counted from 1"),
  loss: z.number().describe("Mean over the epoch's steps, each before its update"),
  accuracy: z.number().describe("Part of the images that were classified right, in training mode"),
  learningRate: z.number().describe("Of the epoch's last step"),
  images: z.int().describe("Images trained on in the epoch"),
  seconds: z.number().describe("Time of the epoch's steps, reading images included, writing checkpoints not"),
  imagesPerSecond: z.number(),
  validationLoss: z.number().optional().describe("Mean cross-entropy on the validation images after the epoch"),
  validationAccuracy: z.number().optional(),
});

/** What is recorded of an epoch: one line of `metrics.jsonl`. */
export type EpochMetrics = z.output<typeof metricsSchema>;

const progressSchema = z.strictObject({
  /** Finished epochs. */
  epoch: z.int().min(0),
  /** Finished steps of the epoch under way. */
  step: z.int().min(0),
  /** Sums over the finished steps of the epoch under way. */
  tally: z.strictObject({ loss: z.number(), correct: z.int().min(0), seconds: z.number().min(0) }),
  /** The finished epochs. */
  history: z.array(metricsSchema),
  /** The epoch, counted from 1, after which the validation loss was lowest; where there is validation. */
  best: z.strictObject({ epoch: z.int().min(1), loss: z.number() }).optional(),
});

/**
 * How far a training is. Shuffles are a function of (seed, epoch) and dropout of (seed, update), so that the seed and
 * this position are the whole state of the random numbers.
 */
export type Progress = z.output<typeof progressSchema>;

/** Weights besides those that are trained. */
export interface Companions {
  /** Their moving average. */
  readonly average?: Tensors;
  /** Those of the lowest validation loss. */
  readonly best?: Tensors;
}

/** All that training needs in order to go on as if it had never stopped. */
export interface Checkpoint extends Companions {
  readonly parameters: Tensors;
  readonly optimizer: OptimizerState;
  readonly progress: Progress;
}

/** What a checkpoint belongs to; it is refused elsewhere. */
export interface CheckpointOwner {
  readonly graph: Graph;
  readonly optimizer: Optimizer["kind"];
  readonly seed: number;
  readonly dataFingerprint: string;
}

/** A checkpoint that cannot be used; the message names the file and says what to do. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
}

const parameterPrefix = "parameters.";
const optimizerPrefix = "optimizer.";
const companionPrefixes = { average: "average.", best: "best." } as const;
const noChecksum = "0".repeat(64);

const ownerMetadata = ({ graph, optimizer, seed, dataFingerprint }: CheckpointOwner) => ({
  network: graph.network.name,
  optimizer,
  seed: String(seed),
  dataFingerprint,
});

const prefixed = (prefix: string, tensors: Tensors) =>
  [...tensors].map(([name, tensor]) => [prefix + name, tensor] as const);

/** SHA-256 over the whole file, with zeros in place of the checksum itself. */
function checksum(chunks: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

/** Writes a checkpoint atomically; throws a FileError where that fails, and the one before it stays. */
export async function writeCheckpoint(file: string, checkpoint: Checkpoint, owner: CheckpointOwner): Promise<void> {
  const { parameters, optimizer, progress, average = new Map(), best = new Map() } = checkpoint;
  const chunks = safetensorsChunks({
    tensors: new Map([
      ...prefixed(parameterPrefix, parameters),
      ...prefixed(optimizerPrefix, optimizer.tensors),
      ...prefixed(companionPrefixes.average, average),
      ...prefixed(companionPrefixes.best, best),
    ]),
    metadata: {
      format: "naevus checkpoint 1",
      sha256: noChecksum,
      ...ownerMetadata(owner),
      updates: String(optimizer.updates),
      progress: JSON.stringify(progress),
    },
  });
  const header = Buffer.from(chunks[0]!.buffer, chunks[0]!.byteOffset, chunks[0]!.byteLength);
  header.write(checksum(chunks), header.indexOf(noChecksum), "latin1");
  await writeFileAtomic(file, chunks);
}

function verifyChecksum(bytes: Buffer, expected: string | undefined): void {
  const head = safetensorsHeader(bytes);
  const at = expected?.length === noChecksum.length ? bytes.indexOf(expected) : -1;
  if (at < 0 || at >= head.length) throw new SafetensorsError("it has no checksum");
  const cleared = Buffer.from(head);
  cleared.write(noChecksum, at, "latin1");
  if (checksum([cleared, bytes.subarray(head.length)]) !== expected) {
    throw new SafetensorsError("its checksum does not fit its content");
  }
}

const expectedShapes = (
  { graph, optimizer }: CheckpointOwner,
  companions: readonly string[],
): Map<string, readonly number[]> =>
  new Map(
    graph.parameters.flatMap(({ name, shape, trainable }) => [
      ...[parameterPrefix, ...companions].map((prefix) => [prefix + name, shape] as const),
      ...(trainable ? optimizerSlots[optimizer] : []).map(
        (slot) => [`${optimizerPrefix}${slot}.${name}`, shape] as const,
      ),
    ]),
  );

function verifyTensors(tensors: Tensors, owner: CheckpointOwner): void {
  const companions = Object.values(companionPrefixes).filter((prefix) =>
    [...tensors.keys()].some((name) => name.startsWith(prefix)),
  );
  const expected = expectedShapes(owner, companions);
  for (const [name, shape] of expected) {
    const got = tensors.get(name)?.shape;
    if (got?.join() !== shape.join()) {
      throw new SafetensorsError(
        `expected the tensor ${name} [${shape.join(", ")}], got ${got ? `[${got.join(", ")}]` : "none"}`,
      );
    }
  }
  for (const name of tensors.keys()) {
    if (!expected.has(name)) throw new SafetensorsError(`the network has no tensor ${name}`);
  }
}

const withoutPrefix = (prefix: string, tensors: Tensors): Map<string, Tensor> =>
  new Map([...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, t]) => [name.slice(prefix.length), t]));

/**
 * Reads a checkpoint; undefined where the file does not exist. Throws {@link CheckpointError} where it is damaged (any
 * changed byte is noticed) or belongs to another network, optimizer, seed or data set.
 */
export async function readCheckpoint(file: string, owner: CheckpointOwner): Promise<Checkpoint | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readWhole(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const give = "put back a copy of it, or delete it, and resuming starts again from the first epoch";
    throw new CheckpointError(readSentence(file, error, give), { cause: error });
  }
  try {
    const { tensors, metadata } = readSafetensors(bytes);
    verifyChecksum(bytes, metadata.sha256);
    for (const [key, expected] of Object.entries(ownerMetadata(owner))) {
      if (metadata[key] !== expected) {
        throw new SafetensorsError(`it belongs to another run: ${key} is ${metadata[key]}, expected ${expected}`);
      }
    }
    verifyTensors(tensors, owner);
    const average = withoutPrefix(companionPrefixes.average, tensors);
    const best = withoutPrefix(companionPrefixes.best, tensors);
    return {
      parameters: withoutPrefix(parameterPrefix, tensors),
      optimizer: { updates: Number(metadata.updates), tensors: withoutPrefix(optimizerPrefix, tensors) },
      progress: progressSchema.parse(JSON.parse(metadata.progress ?? "")),
      ...(average.size > 0 && { average }),
      ...(best.size > 0 && { best }),
    };
  } catch (error) {
    const reason = error instanceof SafetensorsError ? error.message : "its metadata are incomplete";
    throw new CheckpointError(
      `${file}: this checkpoint cannot be used: ${reason}. ` +
        "Put back a copy of it, or delete it, and resuming starts again from the first epoch with the same settings.",
      { cause: error },
    );
  }
}
