/** A disk that fills up while images are downloaded: a clear error, nothing half written, and the same call goes on. */
import { type FileHandle, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FileError } from "../../errors.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { downloadIsicImages } from "./isic-download.ts";
import { type ImitatedImage, type Imitation, imitateArchive, steppingClock } from "./testing/imitation.ts";

/** Bytes that may still be written through file handles. */
let room = Number.POSITIVE_INFINITY;

vi.mock("node:fs/promises", async (original) => {
  const actual = await original<typeof import("node:fs/promises")>();
  const open: typeof actual.open = async (...given) => {
    const handle = await actual.open(...given);
    const write = handle.write.bind(handle) as (...values: unknown[]) => Promise<{ bytesWritten: number }>;
    handle.write = (async (bytes: Uint8Array, offset = 0, length = bytes.length - offset) => {
      // What still fits is written, as a system does.
      const fits = Math.min(length, room);
      if (fits <= 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      room -= fits;
      return write(bytes, offset, fits);
    }) as FileHandle["write"];
    return handle;
  };
  return { ...actual, open };
});

const images = new Map<string, ImitatedImage>();
const manifest = Array.from({ length: 8 }, (_, n) => ({
  id: `ISIC_000000${n}`,
  className: n % 2 ? "a" : "b",
  split: "train" as const,
}));
let folder: string;
let server: Imitation;
beforeEach(async () => {
  room = Number.POSITIVE_INFINITY;
  folder = temporaryFolder();
  for (const [n, { id }] of manifest.entries()) {
    const background = { r: n * 20, g: 90, b: 0 };
    const bytes = await sharp({ create: { width: 64, height: 64, channels: 3, background } })
      .jpeg()
      .toBuffer();
    images.set(id, { bytes, width: 64, height: 64 });
  }
  server = await imitateArchive(images);
});
afterEach(async () => {
  await server.stop();
});

const download = () =>
  downloadIsicImages(join(folder, "out"), "imitation", manifest, {
    archive: server.archive,
    clock: steppingClock(),
    stallMilliseconds: 1e9,
    parallel: 2,
  });

test.each([0, 200, 700, 1500, 2500, 4000, 6000])("full after %i bytes", async (bytes) => {
  room = bytes;
  const error: unknown = await download().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FileError);
  expect((error as Error).message).toMatch(/: could not be written: the disk is full; make room and try again$/);
  const names = await readdir(join(folder, "out"), { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && entry.name.endsWith(".jpg"));
  for (const { parentPath, name } of files) {
    expect(await readFile(join(parentPath, name))).toEqual(images.get(name.slice(0, -4))!.bytes);
  }
  expect(names.filter(({ name }) => name.endsWith(".tmp"))).toEqual([]);

  room = Number.POSITIVE_INFINITY;
  server.requests.length = 0;
  expect(await download()).toMatchObject({ images: 8, missing: [], fetched: 8 - files.length });
  const had = new Set(files.map(({ name }) => name.slice(0, -4)));
  expect(server.requests.filter(({ id }) => had.has(id))).toEqual([]);
});
