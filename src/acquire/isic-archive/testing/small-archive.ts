/** An archive of fourteen images in two classes, served anew for each test that imports it. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { temporaryFolder } from "../../../testing/temporary-folder.ts";
import { type DownloadOptions, downloadIsicImages } from "../isic-download.ts";
import { journalName } from "../journal.ts";
import type { ManifestEntry } from "../manifest.ts";
import { type ImitatedImage, type Imitation, imitateArchive, type Misbehaviour, steppingClock } from "./imitation.ts";

/** Pixels of every image. */
export const [width, height] = [80, 60];
/** The id of image `n`. */
export const idOf = (n: number): string => `ISIC_${String(n).padStart(7, "0")}`;
/** The ids of all images. */
export const ids = Array.from({ length: 14 }, (_, n) => idOf(n));

/** Two classes; the last image stands in both of them. */
export const manifest: readonly ManifestEntry[] = [
  ...ids.map((id, n) => ({
    id,
    className: n % 2 === 0 ? "nevus" : "actinic keratosis",
    split: n < 10 ? ("train" as const) : ("test" as const),
  })),
  { id: ids.at(-1)!, className: "nevus", split: "train" },
];

/** What the archive has. */
export const images = new Map<string, ImitatedImage>();
/** The test's own folder. */
export let folder: string;
/** Where the download goes, below it. */
export let out: string;
/** The archive. */
export let server: Imitation;

/** A JPEG of pixels that depend on `seed`. */
export async function picture(seed: number, size = { width, height }): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: size.width * size.height * 3 }, (_, i) => (i * seed) % 251);
  return sharp(pixels, { raw: { ...size, channels: 3 } })
    .jpeg()
    .toBuffer();
}

beforeAll(async () => {
  for (const [n, id] of ids.entries()) {
    const clinical = {
      sex: n % 2 ? "female" : null,
      age_approx: 40 + n,
      diagnosis_1: "Benign",
      diagnosis_3: "Nevus",
      lesion_id: `IL_${n}`,
      new_field: [n],
    };
    images.set(id, { bytes: await picture(n + 3), width, height, clinical, licence: n < 4 ? "CC-BY-NC" : "CC-0" });
  }
});
beforeEach(async () => {
  folder = temporaryFolder();
  out = join(folder, "isic");
  server = await imitateArchive(images);
});
afterEach(async () => {
  await server.stop();
});
afterAll(() => images.clear());

/** Downloads all images, with a clock that never waits. */
export function download(options: DownloadOptions = {}, entries = manifest) {
  const given = {
    archive: server.archive,
    clock: steppingClock(),
    stallMilliseconds: 1e9,
    random: () => 0.5,
    ...options,
  };
  return downloadIsicImages(out, "imitation", entries, given);
}

/** All files of the download but the journal, by path. */
export async function contents(): Promise<Record<string, string>> {
  const names = await readdir(out, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && entry.name !== journalName);
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path.slice(out.length + 1), await readFile(path, "hex")])),
  );
}

/** The digest that a manifest of checksums has. */
export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
/** The rows of a table that the download wrote. */
export const table = async (name: string): Promise<Record<string, string>[]> =>
  parse(await readFile(join(out, name)), { columns: true });
/** How often something was asked for. */
export const asked = (what: "record" | "image", id?: string): number =>
  server.requests.filter((request) => request.what === what && (id === undefined || request.id === id)).length;
/** Where image `n` lies in the download. */
export const file = (n: number): string =>
  join(out, n < 10 ? "Train" : "Test", n % 2 === 0 ? "nevus" : "actinic keratosis", `${idOf(n)}.jpg`);

/** A wrong answer: this one, whatever was asked for. */
export const answer =
  (status: number, headers: Record<string, string | number> = {}, body: string | Uint8Array = ""): Misbehaviour =>
  ({ response }) =>
    void response.writeHead(status, headers).end(body);
