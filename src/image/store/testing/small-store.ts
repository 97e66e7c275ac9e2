/** A store of twelve images, made anew for each test of a file that imports this and mocks `decode.ts` so that its calls are counted. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, vi } from "vitest";
import { temporaryFolder } from "../../../testing/temporary-folder.ts";
import * as decode from "../../decoding/decode.ts";
import { readDataset } from "../../read-dataset.ts";
import { type PackedImages, type PackOptions, packImages } from "../packed-store.ts";

/** Pixels of a side. */
export const size = 4;
/** Bytes of an image. */
export const imageBytes = size * size * 3;
/** The test's own folder. */
export let folder: string;
/** Train and Test of three images in each of the classes a and b. */
export let root: string;
/** Where the store is made. */
export let cacheFolder: string;
/** Stores that are closed after the test. */
export const opened: PackedImages[] = [];

beforeEach(async () => {
  folder = temporaryFolder();
  root = join(folder, "data");
  cacheFolder = join(folder, "cache");
  for (const part of ["Train", "Test"]) {
    for (const [label, name] of ["a", "b"].entries()) {
      for (let i = 0; i < 3; i++)
        await put(`${part}/${name}/${i}.png`, await png(i + label * 3 + (part === "Test" ? 6 : 0)));
    }
  }
  vi.clearAllMocks();
});
afterEach(() => {
  for (const packed of opened.splice(0)) packed.close();
});

/** The pixels of image `n`, all different from one another's. */
export const pixels = (n: number): Uint8Array =>
  Uint8Array.from({ length: imageBytes }, (_, i) => (i * 7 + n * 31) % 256);
/** Image `n` as a file. */
export const png = (n: number): Promise<Buffer> =>
  sharp(pixels(n), { raw: { width: size, height: size, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();

/** Writes a file below the data folder. */
export async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

/** Packs the data folder; the store is closed after the test. */
export async function pack(options: Partial<PackOptions> = {}, from = root): Promise<PackedImages> {
  const packed = await packImages(await readDataset(from), { size, cacheFolder, ...options });
  opened.push(packed);
  return packed;
}

/** Packs, and says how many files were opened and how many images decoded. */
export async function counted(): Promise<{ packed: PackedImages; read: number; decoded: number }> {
  vi.clearAllMocks();
  const packed = await pack();
  const calls = (mock: unknown): number => vi.mocked(mock as () => void).mock.calls.length;
  return { packed, read: calls(decode.readImage), decoded: calls(decode.withDecoded) };
}

/** The pixels of the image at `path`. */
export const imageOf = (packed: PackedImages, path: string): Uint8Array => {
  const out = new Uint8Array(imageBytes);
  packed.read([packed.images.findIndex((image) => image.path === path)], out);
  return out;
};
