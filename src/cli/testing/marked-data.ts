/** For tests: photographs and paths that are marked, and the search for such marks in what commands write. */
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { dirname, join, relative } from "node:path";
import sharp from "sharp";
import { expect } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { pngChunks, withMarkedMetadata } from "../../image/testing/marked-metadata.ts";
import { main } from "../main.ts";

/** Part of the path of all data and results. */
export const placeMark = "user-of-this-machine";
/** Stands in the EXIF, XMP, IPTC, comment and profile of the photographs. */
const photographMark = "MARKED-53.5511N-9.9937E";

/** Runs a command, which must succeed, with a cache below `place`; gives what it prints. */
export async function naevusAt(place: string, ...argv: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  const environment = { XDG_CACHE_HOME: join(place, "cache") };
  const status = await main(argv, { out: line, error: line, interactive: false, columns: undefined, environment });
  expect([status, status === 0 ? "" : lines.join("\n")]).toEqual([0, ""]);
  return lines.join("\n");
}

/** Makes marked photographs and their table of metadata: `skin` and `metadata.csv` in a folder. */
export async function writeMarkedData(place: string): Promise<void> {
  const data = join(place, "skin");
  await writePhantomDataset(data, { images: 150, size: 24, seed: 1 });
  const nevi = join(data, "Train/nevus");
  for (const name of (await readdir(join(data, "Train"))).filter((one) => one !== "nevus")) {
    const own = join(data, "Train", name);
    for (const file of await readdir(own)) {
      await writeFile(join(own, file), withMarkedMetadata(await readFile(join(own, file)), photographMark));
    }
  }
  for (const [i, format] of (["png", "webp", "tiff"] as const).entries()) {
    const file = join(nevi, (await readdir(nevi)).filter((name) => name.endsWith(".jpg"))[i]!);
    const marked = sharp(await readFile(file))
      .withExif({ IFD0: { Artist: photographMark }, IFD3: { GPSLatitudeRef: "N", GPSLatitude: "53/1 33/1 4/1" } })
      .withXmp(`<x:xmpmeta xmlns:x="adobe:ns:meta/">${photographMark}</x:xmpmeta>`);
    await writeFile(join(nevi, `marked.${format}`), await marked.toFormat(format).toBuffer());
  }
  // One content under two labels, an image that is none, and links that lead nowhere.
  await writeFile(join(nevi, "conflict.jpg"), await readFile(join(data, "Train/melanoma/phantom-train-00001.jpg")));
  await writeFile(join(nevi, "broken.jpg"), "no image");
  await symlink(join(place, "nowhere.jpg"), join(nevi, "gone.jpg"));
  await mkdir(join(nevi, "folder.jpg"));
  // Linux alone keeps a name that is not UTF-8.
  if (process.platform === "linux") await writeFile(Buffer.from(join(nevi, "l\u00e9sion.jpg"), "latin1"), "no image");
  await writeFile(
    join(place, "metadata.csv"),
    "image_id;lesion_id;dx;age\nconflict;;mel;40\nphantom-train-00002;L1;;50\nphantom-train-00003;L1;;60\n",
  );
}

/** All files below a folder. */
async function filesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const pictures = /data:image\/[a-z]+;base64,([A-Za-z0-9+/=]+)/g;

/** What a JPEG file holds beside its picture: segments of applications other than JFIF, and comments. */
function segmentsBeside(jpeg: Buffer): string[] {
  const found: string[] = [];
  for (let at = 2; jpeg[at] === 0xff && jpeg[at + 1] !== 0xda; at += 2 + jpeg.readUInt16BE(at + 2)) {
    const marker = jpeg[at + 1]!;
    if (marker === 0xfe || (marker > 0xe0 && marker <= 0xef)) found.push(marker.toString(16));
  }
  return found;
}

/** Marked text and metadata in the files of a folder and in the pictures that they embed, by file. */
export async function traces(
  root: string,
  place: string,
): Promise<{ readonly found: string[]; readonly pictures: number; readonly files: number }> {
  const marks = [
    placeMark,
    photographMark,
    dirname(place),
    ...[hostname(), homedir()].filter((name) => name.length > 4),
  ];
  const encoded = marks.flatMap((mark) => [Buffer.from(mark), Buffer.from(mark, "utf16le")]);
  const found: string[] = [];
  let embedded = 0;
  const look = (name: string, bytes: Buffer) => {
    for (const mark of encoded) if (bytes.includes(mark)) found.push(`${name}: ${mark.toString()}`);
    if (bytes.readUInt16BE(0) === 0xffd8) found.push(...segmentsBeside(bytes).map((marker) => `${name}: ${marker}`));
    if (bytes.subarray(1, 4).toString() === "PNG") {
      const beside = pngChunks(bytes).filter((type) => /^(?:[tz]TXt|iTXt|eXIf|iCCP)$/.test(type));
      found.push(...beside.map((type) => `${name}: ${type}`));
    }
  };
  const files = (await filesOf(root)).filter((file) => !/[/\\]local\.json$/.test(file));
  for (const file of files) {
    const bytes = await readFile(file);
    look(relative(root, file), Buffer.concat([bytes, Buffer.alloc(4)]));
    if (!/\.(?:html|svg|json|md)$/.test(file)) continue;
    for (const [, base64] of bytes.toString().matchAll(pictures)) {
      embedded++;
      look(`${relative(root, file)}, a picture`, Buffer.from(base64!, "base64"));
    }
  }
  return { found, pictures: embedded, files: files.length };
}

/** What a page refers to within itself and does not hold. */
export const brokenLinks = (page: string): string[] =>
  [...page.matchAll(/href="#([^"]+)"/g)].flatMap(([, id]) => (page.includes(`id="${id}"`) ? [] : [id!]));

export const withoutPictures = "has no pictures (--no-images)";
