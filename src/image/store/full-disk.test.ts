/** A disk that fills up while the packed store is written: a clear error, and nothing half written stays. */
import { type FileHandle, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeEach, expect, test, vi } from "vitest";
import { FileError } from "../../errors.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { readDataset } from "../read-dataset.ts";
import { packImages } from "./packed-store.ts";

/** Bytes that may still be written through file handles. */
let room = Number.POSITIVE_INFINITY;

vi.mock("node:fs/promises", async (original) => {
  const actual = await original<typeof import("node:fs/promises")>();
  const open: typeof actual.open = async (...given) => {
    const handle = await actual.open(...given);
    const write = handle.write.bind(handle) as (...values: unknown[]) => Promise<{ bytesWritten: number }>;
    handle.write = (async (...values: unknown[]) => {
      const result = room > 0 ? await write(...values) : undefined;
      room -= result?.bytesWritten ?? 0;
      if (result === undefined)
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      return result;
    }) as FileHandle["write"];
    return handle;
  };
  return { ...actual, open };
});

let folder: string;
let cacheFolder: string;
beforeEach(async () => {
  room = Number.POSITIVE_INFINITY;
  folder = temporaryFolder();
  cacheFolder = join(folder, "cache");
  for (const name of ["a", "b"]) {
    await mkdir(join(folder, "data", name), { recursive: true });
    for (let i = 0; i < 4; i++) {
      const background = { r: i * 20, g: name.charCodeAt(0), b: 0 };
      const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toBuffer();
      await writeFile(join(folder, "data", name, `${i}.png`), bytes);
    }
  }
});

const pack = async () => packImages(await readDataset(join(folder, "data")), { size: 8, cacheFolder });

test.each([
  ["the pixels", 500],
  ["the index", 8 * 192],
])("full while writing %s", async (_, bytes) => {
  room = bytes;
  const error: unknown = await pack().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FileError);
  expect((error as Error).message).toMatch(/could not be written: the disk is full; make room and try again$/);
  expect((error as Error).message).toContain(cacheFolder);
  expect(await readdir(cacheFolder)).toEqual([]);

  room = Number.POSITIVE_INFINITY;
  const packed = await pack();
  expect(packed.images).toHaveLength(8);
  packed.close();
});
