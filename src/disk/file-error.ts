/** The one error of writing a file or folder. */

/** A file that could not be written; the message names it and says what to do. */
export class FileError extends Error {
  override readonly name = "FileError";
}
