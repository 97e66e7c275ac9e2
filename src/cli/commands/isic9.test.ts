/** `naevus data isic9` against a local server: what is said, and the exit status. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ImitatedImage, type Imitation, imitateArchive } from "../../acquire/isic-archive/testing/imitation.ts";
import { readTable } from "../../dataset/csv-table.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { version } from "../../version.ts";
import { downloadView } from "../terminal/download-progress.ts";
import { checkFiles, printed } from "../testing/hostile-names.ts";
import { recordingTerminal, runRecorded } from "../testing/recorded-command.ts";

const idOf = (n: number): string => `ISIC_${String(n).padStart(7, "0")}`;

vi.mock("../../acquire/isic-archive/manifest.ts", () => ({
  isic9Manifest: () =>
    Array.from({ length: 24 }, (_, n) => ({ id: idOf(n), className: n % 2 ? "nevus" : "melanoma", split: "train" })),
}));

let folder: string;
let server: Imitation;
const images = new Map<string, ImitatedImage>();

beforeEach(async () => {
  folder = temporaryFolder();
  const bytes = await sharp({ create: { width: 20, height: 10, channels: 3, background: "#a86" } })
    .jpeg()
    .toBuffer();
  for (let n = 0; n < 24; n++) images.set(idOf(n), { bytes, width: 20, height: 10, licence: n ? "CC-0" : "CC-BY-NC" });
  server = await imitateArchive(images);
});
afterEach(async () => {
  await server.stop();
});

const naevus = (...argv: readonly string[]) =>
  runRecorded(["data", "isic9", ...(argv.includes("--archive") ? [] : ["--archive", server.archive]), ...argv]);

describe("data isic9", () => {
  it("shows and writes what the archive says as text", async () => {
    const said = Object.fromEntries([
      ["constructor", "=1+1"],
      ["toString", "\u202e"],
      ["=a;@b", "+c\n@d"],
    ]);
    const licence = "CC\u001b[31m\nnaevus: forged";
    images.set(idOf(0), { ...images.get(idOf(0))!, licence, clinical: said });
    const out = join(folder, "hostile");
    const { status, out: text } = await printed("data", "isic9", "--archive", server.archive, "--out", out);
    expect(status).toBe(0);
    expect(text).toContain("CC\\u001b[31m\\nnaevus: forged");
    expect((await checkFiles(out)).get("csv")).toBe(2);
    const { rows } = await readTable(join(out, "metadata.csv"), { what: "metadata" });
    const fields = rows.map((row) => row.fields).find((row) => row.get("isic_id") === idOf(0))!;
    expect(fields.get("copyright_license")).toBe(licence);
    for (const [name, value] of Object.entries(said)) expect(fields.get(name.toLowerCase())).toBe(value);
    expect(rows.filter((row) => row.fields.has("constructor"))).toHaveLength(1);
  });

  it("states the licence once and first, tells progress, and how to train", async () => {
    const out = join(folder, "isic 9");
    const { status, out: text, error } = await naevus("--out", out);
    expect(status).toBe(0);
    expect(text).toContain(`${out}: 24 files (24 images, 24 fetched now)\nlicences: 23 CC-0, 1 CC-BY-NC\n`);
    expect(text).toMatch(/\n {2}npx naevus train --data '.*isic 9'$/);
    expect(error).toMatch(/^The ISIC 9-class set, 24 files, from 127\.0\.0\.1:\d+\.\nEvery image has its own licence/);
    expect(error.match(/CC-BY-NC/g)).toHaveLength(1);
    const progress = error.split("\n").filter((line) => / of 24, /.test(line));
    expect(progress).toHaveLength(10);
    expect(progress.at(-1)).toMatch(/^24 of 24, \d+ kB$/);
    expect(server.requests[0]?.headers["user-agent"]).toBe(`naevus/${version}`);
    expect(await readdir(join(out, "Train"))).toEqual(["melanoma", "nevus"]);
  });

  it("with some missing ends well, and says what and why", async () => {
    for (const n of [3, 4, 5]) images.delete(idOf(n));
    const { status, out, error } = await naevus("--out", join(folder, "isic9"), "--max-side", "32", "--parallel", "2");
    expect(status).toBe(0);
    expect(out).toContain("21 of 24 files (21 of 24 images, 21 fetched now)");
    expect(out).toContain(
      "could not be had: 3 images, listed in missing.csv there\n      3  not in the archive (404 Not Found)",
    );
    expect(error).not.toContain("asks again");
  });

  it("with too little ends with status 1", async () => {
    for (let n = 3; n < 24; n++) images.delete(idOf(n));
    const { status, out, error } = await naevus("--out", join(folder, "isic9"));
    expect(status).toBe(1);
    expect(out).not.toContain("npx naevus train");
    expect(error).toMatch(/^naevus: too little to train on: at least half of the files, and training images/m);
  });

  it.each(["http://files.example.org", "files.example.org/images", "user@files.example.org", ""])(
    "refuses %j as a host of images",
    async (host) => {
      const { status, error } = await naevus("--out", join(folder, "isic"), "--image-host", host);
      expect(status).toBe(1);
      expect(error).toContain(
        `--image-host: expected a host such as files.example.org or files.example.org:8443, got "${host}"`,
      );
    },
  );

  it("stops at Ctrl-C, and goes on with the same command", async () => {
    const out = join(folder, "isic9");
    server.fail("record", idOf(9), () => void process.emit("SIGINT"));
    const { status, error } = await naevus("--out", out, "--parallel", "2");
    expect(status).toBe(130);
    expect(error).toMatch(/stopped; \d+ of 24 images are there; the same command goes on$/);
    const next = await naevus("--out", out);
    expect(next.status).toBe(0);
    expect(next.error).toMatch(/^\d+ of 24 images are there from before$/m);
    const [, fetched] = /(\d+) fetched now/.exec(next.out) ?? [];
    expect(Number(fetched)).toBeLessThan(20);
  });

  it.each([
    [["--max-side", "0"], "--max-side: expected a whole number of at least 32 and at most 16384"],
    [["--parallel", "many"], '--parallel: expected a whole number of at least 1 and at most 32, got "many"'],
    [["--archive", "file:///etc"], "--archive: expected an address that begins with http:// or https://"],
  ])("refuses %j", async (flags, message) => {
    const { status, error } = await naevus("--out", join(folder, "isic9"), ...flags);
    expect(status).toBe(1);
    expect(error).toContain(message);
    expect(await readdir(folder)).toEqual([]);
  });
});

it("the time left and each new trouble are told, where there is no terminal", () => {
  const { terminal, lines } = recordingTerminal();
  let now = 0;
  const view = downloadView(terminal, () => now);
  const at = (done: number) => view.show({ kind: "downloading", done, total: 1000, missing: 1, bytes: done * 1e6 });
  at(100);
  const waiting = { kind: "waiting", id: idOf(1), reason: "record: 500 Internal Server Error", seconds: 2 } as const;
  view.show(waiting);
  view.show({ ...waiting, id: idOf(2) });
  now = 60_000;
  at(200);
  at(201);
  expect(view.reached).toEqual({ done: 201, total: 1000, missing: 1 });
  expect(lines.error).toEqual([
    "100 of 1,000 images are there from before",
    "record: 500 Internal Server Error (ISIC_0000001), again in 2 s",
    "200 of 1,000, 200 MB, 1 missing, 8 min 0 s left",
  ]);
});
