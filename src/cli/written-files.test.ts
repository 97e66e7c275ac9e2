/** What commands write tells nothing of the user's machine, and holds no photograph's metadata: every file is searched for marked text. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { brokenLinks, naevusAt, placeMark, traces, withoutPictures, writeMarkedData } from "./testing/marked-data.ts";

const place = join(temporaryFolder(), placeMark);
const data = join(place, "skin");
const naevus = (...argv: readonly string[]) => naevusAt(place, ...argv);
const metadata = ["--data", data, "--metadata", join(place, "metadata.csv")];

beforeAll(() => writeMarkedData(place));

const small = ["--image-size", "8", "--epochs", "1", "--batch", "16", "--threads", "1"];

describe("what is written", () => {
  it("by audit, show and curate holds no path and no photograph's metadata", async () => {
    const out = join(place, "pages");
    // The photographs themselves have what is searched for.
    expect((await traces(join(data, "Train/melanoma"), place)).found.length).toBeGreaterThan(100);
    await naevus("audit", ...metadata, "--out", join(out, "audit"));
    await naevus("curate", ...metadata, "--out", join(out, "plan.csv"));
    await naevus("show", "--data", data, "--curation", join(out, "plan.csv"), "--out", join(out, "svg"));
    await naevus("show", "--data", data, "--format", "png", "--out", join(out, "png"));
    const { found, pictures, files } = await traces(out, place);
    expect(found).toEqual([]);
    expect(files).toBe(9);
    expect(pictures).toBeGreaterThan(50);

    // The same again without images, in folders that held them.
    await naevus("audit", ...metadata, "--out", join(out, "audit"), "--no-images");
    await naevus("show", "--data", data, "--out", join(out, "svg"), "--no-images");
    await naevus("show", "--data", data, "--format", "png", "--out", join(out, "png"), "--no-images");
    expect(await traces(out, place)).toEqual({ found: [], pictures: 0, files: 5 });
    const page = await readFile(join(out, "audit/audit.html"), "utf8");
    expect(page.split(withoutPictures)).toHaveLength(2);
    expect(page).not.toMatch(/<img|no picture(?!s \(--no-images\))|What they look like/);
    expect(page).toContain("conflict.jpg");
    expect(brokenLinks(page)).toEqual([]);
  }, 60_000);

  it("by train, evaluate and cross-validate stands in local.json alone", async () => {
    const out = join(place, "runs");
    const run = join(out, "one");
    await naevus("curate", ...metadata, "--out", join(out, "..", "plan.csv"));
    await writeFile(join(place, "classes.csv"), "class,becomes\nmelanoma,melanoma\n");
    const tables = ["--curation", join(place, "plan.csv"), "--class-map", join(place, "classes.csv")];
    await naevus("train", ...metadata, ...tables, ...small, "--tensorboard", "--out", run, "--validation", "0.2");
    await naevus("evaluate", run, ...metadata);
    await naevus("cross-validate", ...metadata, ...small, "--folds", "2", "--out", join(out, "folds"));
    const { found, files } = await traces(out, place);
    expect(found).toEqual([]);
    expect(files).toBeGreaterThan(15);
    expect(await readFile(join(run, "local.json"), "utf8")).toContain(placeMark);
  }, 120_000);
});
