/** Downloading from a local server that imitates the ISIC Archive: what is written, stopped, gone on with and refused. */
import { appendFile, mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { readMetadata } from "../../dataset/metadata.ts";
import { DatasetError, FileError } from "../../errors.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { withMarkedMetadata } from "../../image/testing/marked-metadata.ts";
import { systemClock } from "./clock.ts";
import { type DownloadEvent, downloadIsicImages } from "./isic-download.ts";
import { journalName } from "./journal.ts";
import { imitateArchive } from "./testing/imitation.ts";
import {
  answer,
  asked,
  contents,
  download,
  file,
  folder,
  idOf,
  ids,
  images,
  manifest,
  out,
  picture,
  server,
  sha256,
  table,
} from "./testing/small-archive.ts";

it("says that it waits where the lock's holder cannot be seen, and leaves the folder to it where it lives", async () => {
  await mkdir(out);
  const lock = join(out, ".lock");
  await writeFile(lock, "12 elsewhere fedcba987654 1 0123456789ab\n");
  let hour = 0;
  const renewal = setInterval(() => void utimes(lock, 3600 * ++hour, 3600 * hour), 50);
  const events: DownloadEvent[] = [];
  const refused = download({ onEvent: (event) => events.push(event) });
  await expect(refused).rejects.toThrow("process 12 on elsewhere works in this folder");
  clearInterval(renewal);
  const message = `${lock}: waiting for a sign of life of process 12 on elsewhere, up to 20 seconds`;
  expect(events).toEqual([{ kind: "warning", message }]);
});

describe("a good archive", () => {
  it("gives every image at every place, each fetched once, with metadata, licences and checksums", async () => {
    const result = await download();
    expect(result).toMatchObject({
      wanted: 15,
      files: 15,
      images: 14,
      fetched: 14,
      missing: [],
      gaveUp: undefined,
      useful: true,
    });
    expect([...result.licences]).toEqual([
      ["CC-0", 10],
      ["CC-BY-NC", 4],
    ]);
    expect([asked("record"), asked("image")]).toEqual([14, 14]);
    const dataset = await readDataset(out);
    expect(dataset).toMatchObject({ problems: [], classes: ["actinic keratosis", "nevus"] });
    expect(dataset.images).toHaveLength(15);
    for (const n of ids.keys()) expect(await readFile(file(n))).toEqual(images.get(idOf(n))!.bytes);
    expect(await readFile(join(out, "Train", "nevus", `${idOf(13)}.jpg`))).toEqual(images.get(idOf(13))!.bytes);

    const metadata = await table("metadata.csv");
    expect(metadata).toHaveLength(14);
    expect(metadata[3]).toMatchObject({
      isic_id: idOf(3),
      lesion_id: "IL_3",
      patient_id: "",
      age_approx: "43",
      sex: "female",
      diagnosis_1: "Benign",
      image_type: "dermoscopic",
      new_field: "[3]",
      pixels_x: "80",
      copyright_license: "CC-BY-NC",
      attribution: 'Department of "Imitations", Nowhere',
    });
    const { problems, of } = await readMetadata(join(out, "metadata.csv"));
    expect(problems).toEqual([]);
    expect(of(file(3))).toEqual({ lesion: "IL_3", age: 43, sex: "female", diagnosis: "Nevus" });
    expect((await table("received.csv"))[3]).toMatchObject({
      isic_id: idOf(3),
      bytes: String(images.get(idOf(3))!.bytes.length),
      sha256: sha256(images.get(idOf(3))!.bytes),
      url: expect.stringMatching(/\/files\/ISIC_0000003\.jpg$/),
    });
    const sums = (await readFile(join(out, "SHA256SUMS"), "utf8")).trimEnd().split("\n");
    expect(sums).toHaveLength(15);
    expect(sums).toContain(`${sha256(images.get(idOf(13))!.bytes)}  Test/actinic keratosis/${idOf(13)}.jpg`);
    expect(await readdir(out)).not.toContain("missing.csv");
  });

  it("is asked politely: by name, and never more than so many at once", async () => {
    let open = 0;
    let most = 0;
    const counting: typeof fetch = async (...request) => {
      most = Math.max(most, ++open);
      const response = await fetch(...request);
      const bytes = await response.arrayBuffer();
      open--;
      return new Response(bytes, response);
    };
    await download({ parallel: 3, userAgent: "naevus/1.2.3", fetch: counting });
    expect(most).toBe(3);
    expect(new Set(server.requests.map(({ headers }) => headers["user-agent"]))).toEqual(new Set(["naevus/1.2.3"]));
  });

  it("tells how far it is", async () => {
    const events: DownloadEvent[] = [];
    await download({ onEvent: (event) => void events.push(event) });
    const bytes = [...images.values()].reduce((sum, image) => sum + image.bytes.length, 0);
    expect(events).toHaveLength(15);
    expect(events[0]).toEqual({ kind: "downloading", done: 0, total: 14, missing: 0, bytes: 0 });
    expect(events.at(-1)).toEqual({ kind: "downloading", done: 14, total: 14, missing: 0, bytes });
  });

  it("has its images reduced, never enlarged, with their aspect", async () => {
    await download({ maxSide: 40 });
    expect(await sharp(file(2)).metadata()).toMatchObject({ format: "jpeg", width: 40, height: 30, channels: 3 });
    expect((await table("received.csv"))[2]).toMatchObject({ sha256: sha256(images.get(idOf(2))!.bytes) });
    const sums = await readFile(join(out, "SHA256SUMS"), "utf8");
    expect(sums).toContain(`${sha256(await readFile(file(2)))}  Train/nevus/${idOf(2)}.jpg`);
    await rm(out, { recursive: true });
    const marked = { ...images.get(idOf(2))!, bytes: withMarkedMetadata(images.get(idOf(2))!.bytes, "marked") };
    const other = await imitateArchive(new Map([...images, [idOf(2), marked]]));
    try {
      await download({ maxSide: 40, archive: other.archive });
      expect((await readFile(file(2))).includes("marked")).toBe(false);
      await rm(out, { recursive: true });
      await download({ archive: other.archive });
      expect(await readFile(file(2))).toEqual(marked.bytes);
    } finally {
      await other.stop();
    }
    await rm(out, { recursive: true });
    await download({ maxSide: 80 });
    expect(await readFile(file(2))).toEqual(images.get(idOf(2))!.bytes);
  });
});

describe("interrupted and gone on with", () => {
  it.each([1, 6, 13])(
    "after %i images: nothing is fetched twice, and all is as if never interrupted",
    async (count) => {
      const stop = new AbortController();
      const onEvent = (event: DownloadEvent) =>
        void (event.kind === "downloading" && event.done === count && stop.abort(new Error("enough")));
      await expect(download({ signal: stop.signal, onEvent })).rejects.toThrow("enough");
      const before = await contents();
      const names = Object.keys(before).filter((name) => name.endsWith(".jpg"));
      expect(names.length).toBeGreaterThanOrEqual(count);
      expect(Object.keys(before)).toEqual(names);

      const first = new Set(names.map((name) => name.slice(-16, -4)));
      server.requests.length = 0;
      expect(await download()).toMatchObject({ images: 14, fetched: 14 - first.size, missing: [] });
      expect(server.requests.filter(({ id }) => first.has(id))).toEqual([]);
      const resumed = await contents();
      await rm(out, { recursive: true });
      await download();
      const whole = await contents();
      expect(resumed).toEqual(whole);
    },
  );

  it("an abort ends at once, even in a long pause", async () => {
    const stop = new AbortController();
    server.fail("record", idOf(0), answer(500));
    const onEvent = ({ kind }: DownloadEvent) => void (kind === "waiting" && stop.abort());
    await expect(download({ clock: systemClock, signal: stop.signal, onEvent, random: () => 1e6 })).rejects.toThrow(
      /abort/,
    );
    await expect(download({ signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
  });

  it("mends what was damaged since, and what a kill left behind", async () => {
    await download();
    const whole = await contents();
    await truncate(file(1), 100);
    await writeFile(file(2), await picture(9));
    await rm(file(3));
    // This one has another place to be copied from.
    await rm(file(13));
    await rm(join(out, "metadata.csv"));
    await writeFile(join(out, "Train", "nevus", `.${idOf(5)}.jpg.0123456789ab.tmp`), "half");
    await appendFile(join(out, journalName), '{"id":"ISIC_00');
    server.requests.length = 0;
    expect(await download()).toMatchObject({ images: 14, fetched: 3, missing: [] });
    expect(new Set(server.requests.map(({ id }) => id))).toEqual(new Set([idOf(1), idOf(2), idOf(3)]));
    expect(await contents()).toEqual(whole);
    server.requests.length = 0;
    expect(await download()).toMatchObject({ images: 14, fetched: 0 });
    expect(server.requests).toEqual([]);
  });

  it("a kill between journal and image costs one request more, and one image in the journal alone is fetched", async () => {
    await download();
    const lines = (await readFile(join(out, journalName), "utf8")).split("\n");
    // All but the header and three images are forgotten; what stands there unknown is written over.
    await writeFile(join(out, journalName), lines.slice(0, 4).join("\n"));
    expect(await download()).toMatchObject({ images: 14, fetched: 12 });
  });
});

describe("a folder that cannot be used", () => {
  it("holds something else", async () => {
    await mkdir(out);
    await writeFile(join(out, "thesis.doc"), "");
    await expect(download()).rejects.toThrow(DatasetError);
    await expect(download()).rejects.toThrow(`${out}: not empty, and no download of naevus; choose another folder`);
    expect(server.requests).toEqual([]);
  });

  it("holds a download at another resolution", async () => {
    await download({ maxSide: 40 });
    await expect(download()).rejects.toThrow(
      /holds a download of imitation at a longest side of 40 pixels; give the same/,
    );
    await rm(out, { recursive: true });
    await download();
    await expect(download({ maxSide: 40 })).rejects.toThrow(/holds a download of imitation at full resolution/);
  });

  it("has a journal whose suffix is a path: the image is fetched again, and nothing is written elsewhere", async () => {
    await download();
    const journal = join(out, journalName);
    const bytes = await readFile(file(4));
    await writeFile(join(folder, "elsewhere"), bytes);
    const text = await readFile(journal, "utf8");
    const lines = text
      .split("\n")
      .map((line) =>
        line.includes(idOf(4)) ? line.replace('"suffix":".jpg"', '"suffix":"/../../../../elsewhere"') : line,
      );
    await writeFile(journal, lines.join("\n"));
    expect(await download()).toMatchObject({ images: 14, fetched: 1 });
    expect(await readFile(file(4))).toEqual(bytes);
  });

  it("has a damaged journal", async () => {
    await mkdir(out);
    await writeFile(join(out, journalName), "{}\n");
    await expect(download()).rejects.toThrow(
      /not a journal that this version of naevus can read; choose another folder/,
    );
  });

  it("has another download under way", async () => {
    const both = await Promise.allSettled([download(), download()]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const lost = both.find((one) => one.status === "rejected")!;
    expect(lost.reason).toBeInstanceOf(DatasetError);
    expect(lost.reason.message).toContain("works in this folder; wait for it to end");
    expect((await readdir(out)).filter((name) => name.startsWith("."))).toEqual([journalName]);
  });

  it("would be left by a name of the manifest or the journal", async () => {
    for (const wrong of [{ id: "../../victim" }, { className: "../../victim" }, { className: ".." }]) {
      const entries = [{ ...manifest[0]!, ...wrong }];
      await expect(downloadIsicImages(out, "imitation", entries, { archive: server.archive })).rejects.toThrow(
        /^manifest: ".*" cannot be the name of a file or folder; leave its images out$/,
      );
    }
    expect(await readdir(folder)).toEqual([]);
    await download();
    const victim = join(folder, "victim.jpg");
    await writeFile(victim, await readFile(file(13)));
    const journal = join(out, journalName);
    // As if the image, which has two places, stood at one of them and at the victim's.
    const lines = (await readFile(journal, "utf8")).split("\n");
    const changed = lines.map((line) =>
      line.includes(idOf(13)) ? line.replace('"suffix":".jpg"', '"suffix":"/../../../../victim.jpg"') : line,
    );
    expect(changed).not.toEqual(lines);
    await writeFile(journal, changed.join("\n"));
    await rm(file(13));
    server.requests.length = 0;
    expect(await download()).toMatchObject({ images: 14, fetched: 1 });
    expect(await readdir(folder)).toEqual(["isic", "victim.jpg"]);
  });

  it("is a file", async () => {
    await writeFile(out, "");
    await expect(download()).rejects.toThrow(FileError);
    expect((await stat(out)).isFile()).toBe(true);
  });
});
