/** What can go wrong with the ISIC Archive, and whether asking again may help. */

/** What an {@link ArchiveError} says beside its message. */
export interface ArchiveErrorOptions extends ErrorOptions {
  readonly passing: boolean;
  readonly retryAfter?: number | undefined;
  readonly status?: number;
}

/** A request that failed, or an answer that cannot be used. The message says what, without the image's id. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
  /** Whether the same request may succeed when made again. */
  readonly passing: boolean;
  /** What the server asks to be waited before the next request, in milliseconds. */
  readonly retryAfter: number | undefined;

  /** The status of the HTTP answer, where there was one that refused. */
  readonly status: number | undefined;

  constructor(message: string, options: ArchiveErrorOptions) {
    super(message, options);
    this.passing = options.passing;
    this.retryAfter = options.retryAfter;
    this.status = options.status;
  }
}
