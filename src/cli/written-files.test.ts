/** What commands write tells nothing of the user's machine, and holds no photograph's metadata: every file is searched for marked text. */
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { join, relative } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { pngChunks, withMarkedMetadata } from "../image/testing/marked-metadata.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { main } from "./main.ts";

/** Part of the path of all data and results. */
const placeMark = "user-of-this-machine";
/** Stands in the EXIF, XMP, IPTC, comment and profile of the photographs. */
const photographMark = "MARKED-53.5511N-9.9937E";

const folder = temporaryFolder();
let place: string;
let data: string;

async function naevus(...argv: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  const environment = { XDG_CACHE_HOME: join(place, "cache") };
  const status = await main(argv, { out: line, error: line, interactive: false, columns: undefined, environment });
  expect([status, status === 0 ? "" : lines.join("\n")]).toEqual([0, ""]);
  return lines.join("\n");
}

beforeAll(async () => {
  place = join(folder, placeMark);
  data = join(place, "skin");
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
}, 60_000);

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
async function traces(
  root: string,
): Promise<{ readonly found: string[]; readonly pictures: number; readonly files: number }> {
  const marks = [placeMark, photographMark, folder, ...[hostname(), homedir()].filter((name) => name.length > 4)];
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
const brokenLinks = (page: string): string[] =>
  [...page.matchAll(/href="#([^"]+)"/g)].flatMap(([, id]) => (page.includes(`id="${id}"`) ? [] : [id!]));

const withoutPictures = "without pictures of the images (--no-images)";

const small = ["--image-size", "16", "--epochs", "1", "--batch", "16", "--threads", "1"];
const metadata = () => ["--data", data, "--metadata", join(place, "metadata.csv")];

describe("what is written", () => {
  it("by audit, show and curate holds no path and no photograph's metadata", async () => {
    const out = join(place, "pages");
    // The photographs themselves have what is searched for.
    expect((await traces(join(data, "Train/melanoma"))).found.length).toBeGreaterThan(100);
    await naevus("audit", ...metadata(), "--out", join(out, "audit"));
    await naevus("curate", ...metadata(), "--out", join(out, "plan.csv"));
    await naevus("show", "--data", data, "--curation", join(out, "plan.csv"), "--out", join(out, "svg"));
    await naevus("show", "--data", data, "--format", "png", "--out", join(out, "png"));
    const { found, pictures, files } = await traces(out);
    expect(found).toEqual([]);
    expect(files).toBe(9);
    expect(pictures).toBeGreaterThan(50);

    // The same again without images, in folders that held them.
    await naevus("audit", ...metadata(), "--out", join(out, "audit"), "--no-images");
    await naevus("show", "--data", data, "--out", join(out, "svg"), "--no-images");
    await naevus("show", "--data", data, "--format", "png", "--out", join(out, "png"), "--no-images");
    expect(await traces(out)).toEqual({ found: [], pictures: 0, files: 5 });
    const page = await readFile(join(out, "audit/audit.html"), "utf8");
    expect(page.split(withoutPictures)).toHaveLength(2);
    expect(page).not.toMatch(/<img|no picture|What they look like/);
    expect(page).toContain("conflict.jpg");
    expect(brokenLinks(page)).toEqual([]);
  }, 60_000);

  it("by train, evaluate and cross-validate stands in local.json alone", async () => {
    const out = join(place, "runs");
    const run = join(out, "one");
    await naevus("curate", ...metadata(), "--out", join(out, "..", "plan.csv"));
    await writeFile(join(place, "classes.csv"), "class,becomes\nmelanoma,melanoma\n");
    const tables = ["--curation", join(place, "plan.csv"), "--class-map", join(place, "classes.csv")];
    await naevus("train", ...metadata(), ...tables, ...small, "--tensorboard", "--out", run, "--validation", "0.2");
    await naevus("evaluate", run, ...metadata());
    await naevus("cross-validate", ...metadata(), ...small, "--folds", "2", "--out", join(out, "folds"));
    const { found, files } = await traces(out);
    expect(found).toEqual([]);
    expect(files).toBeGreaterThan(15);
    expect(await readFile(join(run, "local.json"), "utf8")).toContain(placeMark);
  }, 120_000);

  it("by study holds neither", async () => {
    const out = join(place, "study");
    const study = (...flags: readonly string[]) =>
      naevus(
        "study",
        ...metadata(),
        "--budget",
        "0.02",
        "--image-size",
        "16",
        "--threads",
        "1",
        "--out",
        out,
        ...flags,
      );
    await study();
    const { found, pictures } = await traces(out);
    expect(found).toEqual([]);
    expect(pictures).toBeGreaterThan(100);

    const before = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
    await study("--no-images");
    expect(await traces(out)).toMatchObject({ found: [], pictures: 0 });
    const page = await readFile(join(out, "report.html"), "utf8");
    expect(page.split(withoutPictures)).toHaveLength(2);
    expect(page).not.toMatch(/<img|<ul class="gallery"|<div class="rows"><\/div>|<ul><\/ul>/);
    expect(brokenLinks(page)).toEqual([]);
    const after = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
    expect([before.pictures, after.pictures]).toEqual([true, false]);
    expect(after.evaluation).toEqual(before.evaluation);
  }, 240_000);
});
