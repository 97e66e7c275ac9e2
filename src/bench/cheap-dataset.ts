/** A data set whose images cost next to nothing to write and to decode, for measuring everything else. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { forEachBounded } from "../disk/bounded.ts";
import { Random } from "../random.ts";

/** Classes of the cheap set, as many as the ISIC set has. */
export const cheapClasses = 9;

const SIDE = 16;
const HEADER = 54;

/** A Windows bitmap of random pixels, 24 bits each; a row of 16 needs no padding. */
function bitmap(random: Random): Buffer {
  const file = Buffer.alloc(HEADER + SIDE * SIDE * 3);
  file.write("BM");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(HEADER, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(SIDE, 18);
  file.writeInt32LE(SIDE, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let i = HEADER; i < file.length; i++) file[i] = random.integer(256);
  return file;
}

/** Writes `images` different images into one folder for each of nine classes. */
export async function writeCheapDataset(folder: string, images: number): Promise<void> {
  const random = Random.of(images);
  const folderOf = (label: number) => join(folder, `class-${label}`);
  for (let label = 0; label < cheapClasses; label++) await mkdir(folderOf(label), { recursive: true });
  await forEachBounded(Array.from({ length: images }), 8, async (_, i) => {
    await writeFile(join(folderOf(i % cheapClasses), `${i}.bmp`), bitmap(random));
  });
}
