/** What a study writes tells nothing of the user's machine, and holds no photograph's metadata: every file is searched for marked text. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { brokenLinks, naevusAt, placeMark, traces, withoutPictures, writeMarkedData } from "./testing/marked-data.ts";

const place = join(temporaryFolder(), placeMark);
const data = join(place, "skin");
const naevus = (...argv: readonly string[]) => naevusAt(place, ...argv);
const metadata = ["--data", data, "--metadata", join(place, "metadata.csv")];

beforeAll(() => writeMarkedData(place));

it("what a study writes holds no path and no photograph's metadata", async () => {
  const out = join(place, "study");
  const study = (...flags: readonly string[]) =>
    naevus("study", ...metadata, "--budget", "0.02", "--image-size", "16", "--threads", "1", "--out", out, ...flags);
  await study();
  const { found, pictures } = await traces(out, place);
  expect(found).toEqual([]);
  expect(pictures).toBeGreaterThan(100);

  const before = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
  await study("--no-images");
  expect(await traces(out, place)).toMatchObject({ found: [], pictures: 0 });
  const page = await readFile(join(out, "report.html"), "utf8");
  expect(page.split(withoutPictures)).toHaveLength(2);
  expect(page).not.toMatch(/<img|<ul class="gallery"|<div class="rows"><\/div>|<ul><\/ul>/);
  expect(brokenLinks(page)).toEqual([]);
  const after = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
  expect([before.pictures, after.pictures]).toEqual([true, false]);
  expect(after.evaluation).toEqual(before.evaluation);
}, 240_000);
