/** Where the content of an image is: in a file, or in memory. */
import { join } from "node:path";

/**
 * An image: the path of its file, or the content of such a file (JPEG, PNG, WebP, BMP or TIFF) as a Buffer or another Uint8Array, as an
 * ArrayBuffer or as a Blob, which may be a File.
 */
export type ImageSource = string | Uint8Array | ArrayBuffer | Blob;

/** Where the images of a data set are found: below its root, but for those that were given. */
export interface ImagePlaces {
  readonly root: string;
  readonly sources?: ReadonlyMap<string, ImageSource>;
}

/** Where an image of a data set is, by its path there. */
export const sourceOf = ({ root, sources }: ImagePlaces, path: string): ImageSource =>
  sources?.get(path) ?? join(root, path);

/** The content of an image that is held in memory. */
export async function bytesInMemory(source: Exclude<ImageSource, string>): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  return new Uint8Array(source instanceof ArrayBuffer ? source : await source.arrayBuffer());
}

const memoryRoot = /^memory:[0-9a-f]{16}$/;

/** Whether the images of a data set of this root were given one by one, and are in no folder that could be read again. */
export const isInMemory = (root: string): boolean => memoryRoot.test(root);
