/** A checkpoint: weights, optimizer and position in one safetensors file with a checksum, from which training goes on. */

import { createHash } from "node:crypto";
import { readWhole, writeFileAtomic } from "../disk/files.ts";
import { readSentence } from "../disk/system-errors.ts";
import { type Optimizer, optimizerSlots } from "../engine/optimizer.ts";
import { CheckpointError } from "../errors.ts";
import { readSafetensors, SafetensorsError, safetensorsChunks, safetensorsHeader } from "../formats/safetensors.ts";
import type { Graph } from "../network/graph.ts";
import { isFiniteTensor, type Tensor, type Tensors } from "../tensor.ts";
import { type Progress, progressFault, progressSchema, type TrainingCourse } from "./progress.ts";
import type { TrainingState } from "./training-state.ts";

/** What a checkpoint belongs to; it is refused elsewhere. */
export interface CheckpointOwner {
  readonly graph: Graph;
  readonly optimizer: Optimizer["kind"];
  readonly seed: number;
  readonly dataFingerprint: string;
  /** All that decides what the training computes, by name, as JSON has it. */
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly course: TrainingCourse;
  /** Whether the run is of a version whose checkpoints told no recipe; default false. */
  readonly olderRun?: boolean;
}

const parameterPrefix = "parameters.";
const optimizerPrefix = "optimizer.";
const companionPrefixes = { average: "average.", best: "best." } as const;
const noChecksum = "0".repeat(64);

const format = "naevus checkpoint 2";
/** Told no recipe, and where the computer's date was set back its seconds may be negative. */
const olderFormat = "naevus checkpoint 1";

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

/**
 * Writes a checkpoint atomically; throws a FileError where that fails, and {@link CheckpointError} for one that would not be read again.
 * The one before it stays.
 */
export async function writeCheckpoint(file: string, checkpoint: TrainingState, owner: CheckpointOwner): Promise<void> {
  const { parameters, optimizer, average = new Map(), best = new Map() } = checkpoint;
  const tensors = new Map([
    ...prefixed(parameterPrefix, parameters),
    ...prefixed(optimizerPrefix, optimizer.tensors),
    ...prefixed(companionPrefixes.average, average),
    ...prefixed(companionPrefixes.best, best),
  ]);
  let progress: Progress;
  try {
    progress = progressSchema.parse(checkpoint.progress);
    verify(tensors, progress, optimizer.updates, owner);
  } catch (error) {
    throw new CheckpointError(`${file}: not written, as it could not be read again: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const chunks = safetensorsChunks({
    tensors,
    metadata: {
      format,
      sha256: noChecksum,
      ...ownerMetadata(owner),
      recipe: JSON.stringify(owner.recipe),
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

/** Throws {@link SafetensorsError} where tensors or progress are not those of the owner's training. */
function verify(tensors: Tensors, progress: Progress, updates: number, owner: CheckpointOwner): void {
  const fault = progressFault(progress, updates, owner.course);
  if (fault !== undefined) throw new SafetensorsError(fault);
  const { average, best } = companionPrefixes;
  const expected = expectedShapes(owner, [
    ...(owner.course.averagedFrom !== undefined && progress.epoch >= owner.course.averagedFrom ? [average] : []),
    ...(progress.best === undefined ? [] : [best]),
  ]);
  for (const [name, shape] of expected) {
    const got = tensors.get(name)?.shape;
    if (got?.join() !== shape.join()) {
      throw new SafetensorsError(
        `expected the tensor ${name} [${shape.join(", ")}], got ${got ? `[${got.join(", ")}]` : "none"}`,
      );
    }
  }
  for (const [name, tensor] of tensors) {
    if (!expected.has(name)) throw new SafetensorsError(`the training has no tensor ${name}`);
    if (!isFiniteTensor(tensor)) throw new SafetensorsError(`the tensor ${name} holds what is no finite number`);
  }
}

function verifyOwner(metadata: Readonly<Record<string, string>>, owner: CheckpointOwner): void {
  const another = (key: string, found: unknown, expected: unknown): SafetensorsError =>
    new SafetensorsError(`it belongs to another run: ${key} is ${found}, expected ${expected}`);
  for (const [key, expected] of Object.entries(ownerMetadata(owner))) {
    if (metadata[key] !== expected) throw another(key, metadata[key], expected);
  }
  if (metadata.format !== format && !(metadata.format === olderFormat && owner.olderRun)) {
    throw another("format", metadata.format, format);
  }
  if (metadata.format === olderFormat) return;
  // A setting that a later version adds is not known to the checkpoint.
  for (const [key, value] of Object.entries(JSON.parse(metadata.recipe ?? "") as CheckpointOwner["recipe"])) {
    const [found, expected] = [JSON.stringify(value), JSON.stringify(owner.recipe[key] ?? null)];
    if (found !== expected) throw another(key, found, expected);
  }
}

function progressOf(metadata: Readonly<Record<string, string>>): Progress {
  const progress: unknown = JSON.parse(metadata.progress ?? "", (key, value) =>
    key === "seconds" && value < 0 && metadata.format === olderFormat ? 0 : value,
  );
  return progressSchema.parse(progress);
}

const withoutPrefix = (prefix: string, tensors: Tensors): Map<string, Tensor> =>
  new Map([...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, t]) => [name.slice(prefix.length), t]));

/**
 * Reads a checkpoint; undefined where the file does not exist. Throws {@link CheckpointError} where it is damaged (any
 * changed byte is noticed), belongs to another network, recipe or data set, or does not agree with itself.
 */
export async function readCheckpoint(file: string, owner: CheckpointOwner): Promise<TrainingState | undefined> {
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
    verifyOwner(metadata, owner);
    const updates = Number(metadata.updates);
    const progress = progressOf(metadata);
    verify(tensors, progress, updates, owner);
    const average = withoutPrefix(companionPrefixes.average, tensors);
    const best = withoutPrefix(companionPrefixes.best, tensors);
    return {
      parameters: withoutPrefix(parameterPrefix, tensors),
      optimizer: { updates, tensors: withoutPrefix(optimizerPrefix, tensors) },
      progress,
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
