/** Every error that a caller may meet: the message is a sentence for people, `code` is for programs. */

/** What went wrong is told by `code`; where another error was the reason, it is the `cause`. */
export abstract class NaevusError extends Error {
  /** Such as `ERR_NAEVUS_DATASET`: one for each class of errors, the same in all versions. */
  abstract readonly code: `ERR_NAEVUS_${string}`;
}

/** A data set that cannot be used as it is. The message is one sentence: what, where and what to do. */
export class DatasetError extends NaevusError {
  override readonly name = "DatasetError";
  readonly code = "ERR_NAEVUS_DATASET";
}

/** An image that cannot be decoded. The message is one sentence: file, what is wrong and what to do. */
export class ImageError extends NaevusError {
  override readonly name = "ImageError";
  readonly code = "ERR_NAEVUS_IMAGE";
  /** What is wrong alone, such as "truncated JPEG". */
  readonly reason: string;

  constructor(file: string, reason: string, cure: string, options?: { cause?: unknown }) {
    super(`${file}: ${reason}; ${cure}`, options);
    this.reason = reason;
  }
}

/** A network whose layers do not fit each other; the message names the layer, what it expected and what it got. */
export class NetworkError extends NaevusError {
  override readonly name = "NetworkError";
  readonly code = "ERR_NAEVUS_NETWORK";
}

/** Settings that do not meet the schema; one line for each wrong one. */
export class SettingsError extends NaevusError {
  override readonly name = "SettingsError";
  readonly code = "ERR_NAEVUS_SETTINGS";
}

/** An engine that cannot be had or cannot do what was asked; the message says what to do. */
export class EngineError extends NaevusError {
  override readonly name = "EngineError";
  readonly code = "ERR_NAEVUS_ENGINE";
}

/** A training that cannot go on; the message says when, why and what to do. */
export class TrainingError extends NaevusError {
  override readonly name = "TrainingError";
  readonly code = "ERR_NAEVUS_TRAINING";
}

/** A checkpoint that cannot be used; the message names the file and says what to do. */
export class CheckpointError extends NaevusError {
  override readonly name = "CheckpointError";
  readonly code = "ERR_NAEVUS_CHECKPOINT";
}

/** Labels and probabilities that no metric can be computed from; the message says what was expected and which image. */
export class EvaluationError extends NaevusError {
  override readonly name = "EvaluationError";
  readonly code = "ERR_NAEVUS_EVALUATION";
}

/** A file that is no ONNX model or not one of naevus; the message says which. */
export class ModelError extends NaevusError {
  override readonly name = "ModelError";
  readonly code = "ERR_NAEVUS_MODEL";
}

/** A folder that is no run, or not the run that was meant; the message says what to do. */
export class RunError extends NaevusError {
  override readonly name = "RunError";
  readonly code = "ERR_NAEVUS_RUN";
}

/** A file that could not be written; the message names it and says what to do. */
export class FileError extends NaevusError {
  override readonly name = "FileError";
  readonly code = "ERR_NAEVUS_FILE";
}

/** An argument that a function of the library cannot take; the message says what it expected, what came, and gives an example. */
export class ArgumentError extends NaevusError {
  override readonly name = "ArgumentError";
  readonly code = "ERR_NAEVUS_ARGUMENT";
}

/** A package that this installation lacks, or that does not load on this system; the message says which, why and what to do. */
export class InstallationError extends NaevusError {
  override readonly name = "InstallationError";
  readonly code = "ERR_NAEVUS_INSTALLATION";
}

/** Memory that the system did not give. The message says what it was for and what to do. */
export class MemoryError extends NaevusError {
  override readonly name = "MemoryError";
  readonly code = "ERR_NAEVUS_MEMORY";
}

/** The first line of what went wrong. */
export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trim().split("\n")[0]!;
