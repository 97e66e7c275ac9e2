/** Near duplicates: found once per set of contents, written into plans, and kept together by every split. */
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { auditDataset } from "../../audit/audit.ts";
import { listDataset } from "../../dataset/list-images.ts";
import { groupsOf } from "../../dataset/protocols.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { curate } from "../curate.ts";
import { nearDuplicatePairs, nearDuplicatePaths } from "./near-duplicate-pairs.ts";
import { type DataSettings, openCuratedData, openData } from "./open-data.ts";
import { validationPart } from "./validation-part.ts";

const folder = temporaryFolder();
let data: string;
let cache: string;
/** Files and their mirrored copies, saved anew: the first pair across Train and Test, the others within Train. */
let twins: (readonly [string, string])[];

beforeAll(async () => {
  [data, cache] = [join(folder, "data"), join(folder, "cache")];
  await writePhantomDataset(data, { images: 60, size: 128, seed: 3 });
  const { images } = await listDataset(data);
  const training = images.filter(({ split }) => split === "train");
  const tested = images.find(({ split }) => split === "test")!;
  const mirrored = async (path: string, to: string) => {
    await writeFile(join(data, to), await sharp(join(data, path)).flop().jpeg({ quality: 60 }).toBuffer());
    return [path, to] as const;
  };
  twins = [await mirrored(tested.path, tested.path.replace(/^Test(.*)\.jpg$/, "Train$1-twin.jpg"))];
  for (const { path } of [training[0]!, training[9]!, training[20]!]) {
    twins.push(await mirrored(path, path.replace(".jpg", "-twin.jpg")));
  }
});

const sorted = (pairs: readonly (readonly [string, string])[]) => pairs.map((pair) => pair.toSorted()).sort();

describe("nearDuplicatePairs", () => {
  it("finds what the audit finds, and each of equal files", async () => {
    const dataset = await readDataset(data);
    const pairs = await nearDuplicatePaths(dataset);
    expect(sorted(pairs)).toEqual(sorted(twins));
    const audit = await auditDataset(dataset);
    expect(sorted(audit.nearDuplicates.map(({ a, b }) => [a.path, b.path]))).toEqual(sorted(twins));
    expect(audit.counts).toMatchObject({
      nearDuplicateLeaks: 1,
      testImagesOfTrainLesions: 0,
      testImagesAlikeInTrain: 1,
    });

    const copied = join(folder, "copied");
    const [one, other] = twins[1]!;
    const copy = one.replace(".jpg", "-copy.jpg");
    for (const [from, to] of [one, other, copy].map((path) => [path === copy ? one : path, path] as const)) {
      await mkdir(join(copied, to, ".."), { recursive: true });
      await copyFile(join(data, from), join(copied, to));
    }
    const images = [one, other, copy].map((path) => ({ path, label: 0, split: "train" as const, bytes: 1 }));
    expect((await nearDuplicatePairs({ root: copied, images })).map((pair) => pair.toSorted()).sort()).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it("opens images once for a set of contents, and for parts of it; a new file is compared", async () => {
    const moved = join(folder, "moved");
    await writePhantomDataset(moved, { images: 40, size: 64, seed: 4 });
    const { images } = await listDataset(moved);
    const kinds: string[] = [];
    const options = { cacheFolder: cache, onEvent: ({ kind }: { kind: string }) => kinds.push(kind) };
    const dataset = { root: moved, images };
    expect(await nearDuplicatePairs(dataset, options)).toEqual([]);
    expect(new Set(kinds)).toEqual(new Set(["packing", "comparing"]));
    kinds.length = 0;
    expect(await nearDuplicatePairs(dataset, options)).toEqual([]);
    expect(await nearDuplicatePairs({ root: moved, images: images.slice(5, 20) }, options)).toEqual([]);
    expect(kinds).toEqual([]);

    const twin = images[0]!.path.replace(".jpg", "-twin.jpg");
    await writeFile(join(moved, twin), await sharp(join(moved, images[0]!.path)).rotate(90).jpeg().toBuffer());
    const more = { root: moved, images: [...images, { ...images[0]!, path: twin }] };
    expect((await nearDuplicatePairs(more, options)).map((pair) => pair.toSorted())).toEqual([[0, images.length]]);
    expect(kinds.length).toBeGreaterThan(0);
    kinds.length = 0;
    expect(await nearDuplicatePairs(more, options)).toHaveLength(1);
    expect(kinds).toEqual([]);

    for (const name of await readdir(cache)) {
      if (name.startsWith("near-duplicates-")) await writeFile(join(cache, name), "damaged");
    }
    expect(await nearDuplicatePairs(more, options)).toHaveLength(1);
  });

  it("stops where it is asked to", async () => {
    const { images } = await listDataset(data);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(nearDuplicatePairs({ root: data, images }, { signal })).rejects.toThrow("enough");
  });
});

describe("near duplicates", () => {
  it("are grouped by a plan, which says so", async () => {
    const plan = join(folder, "plan.csv");
    const { grouped, groups } = await curate(data, { out: plan, cache });
    expect({ grouped, groups }).toEqual({ grouped: 8, groups: 4 });
    const text = await readFile(plan, "utf8");
    for (const path of twins.flat()) {
      expect(text.split("\n").find((line) => line.includes(path))).toContain("nearly the same picture");
    }
  });

  it("are not taken for knowledge of lesions", async () => {
    const plan = join(folder, "only alike.csv");
    await curate(data, { out: plan, cache });
    const { images } = await listDataset(data);
    const named = async (count: number) => {
      const file = join(folder, `${count}.csv`);
      const rows = images.slice(0, count).map(({ path }, i) => `${path},lesion-${i}`);
      await writeFile(file, `path,lesion_id\n${rows.join("\n")}\n`);
      return file;
    };
    const warningsOf = async (settings: DataSettings) => {
      const warnings: string[] = [];
      const onEvent = (event: { kind: string; message?: string }) =>
        event.kind === "warning" && warnings.push(event.message!);
      await openData(data, { protocol: "clean", cache, ...settings }, { onEvent });
      return warnings;
    };
    const unknown =
      "clean: no metadata and no curation plan tell which images show one lesion; only equal and nearly equal pictures are kept " +
      "together, so that a lesion may be both trained on and tested";
    expect(await warningsOf({})).toEqual([unknown]);
    expect(await warningsOf({ curation: plan })).toEqual([unknown]);
    const some = await warningsOf({ metadata: await named(20) });
    expect(some).toEqual([
      `clean: the metadata tell the lesion of 20 of ${images.length} images; of the others only equal and nearly equal pictures are ` +
        "kept together",
    ]);
    expect(await warningsOf({ metadata: await named(images.length) })).toEqual([]);

    const grouped = join(folder, "grouped.csv");
    const [one, other] = images.slice(30).filter(({ label }, _, [first]) => label === first!.label);
    const text = await readFile(plan, "utf8");
    const byHand = [one!, other!].map(({ path }) => `group,${path},,same mole,,seen at the clinic`);
    await writeFile(grouped, `${text.trimEnd()}\n${byHand.join("\n")}\n`);
    expect(await warningsOf({ curation: grouped })).toEqual([]);
  });

  it("are not left on both sides by the protocol clean", async () => {
    const { images, protocol } = await openData(data, { protocol: "clean", cache });
    expect(protocol).toMatchObject({ groupedBy: ["content", "near duplicate"], leftOut: { content: 0, group: 1 } });
    expect(images.some(({ path }) => path === twins[0]![0])).toBe(false);
    expect(images.some(({ path }) => path === twins[0]![1])).toBe(true);
  });

  it("stand in one fold", async () => {
    for (const fold of [0, 1, 2]) {
      const { images, protocol } = await openData(data, { protocol: "grouped:3", fold, cache });
      const splitOf = new Map(images.map(({ path, split }) => [path, split]));
      for (const [one, other] of twins) expect(splitOf.get(one)).toBe(splitOf.get(other));
      expect(protocol!.groupedBy).toContain("near duplicate");
    }
  });

  it("are drawn to one side where the folders have no Test", async () => {
    const trained = twins.slice(1).map((pair) => pair.map((path) => path.replace("Train/", "")));
    for (const seed of Array.from({ length: 8 }, (_, i) => i)) {
      const { images } = await openData(join(data, "Train"), { seed, testFraction: 0.4, cache });
      const splitOf = new Map(images.map(({ path, split }) => [path, split]));
      for (const [one, other] of trained) expect(splitOf.get(one!)).toBe(splitOf.get(other!));
    }
  });

  it("are validated on together", async () => {
    const { dataset, options } = await openCuratedData(data, { protocol: "clean", cache });
    const trained = twins.slice(1);
    let apart = 0;
    for (const seed of Array.from({ length: 12 }, (_, i) => i)) {
      const partOf = async (nearDuplicates: typeof options.nearDuplicates) => {
        const { groupOf } = await groupsOf(dataset, { ...options, nearDuplicates });
        const held = validationPart(dataset.images, groupOf, { fraction: 0.5, seed });
        const paths = new Set(Array.from(held, (i) => dataset.images[i]!.path));
        return (path: string) => paths.has(path);
      };
      const isValidated = await partOf(options.nearDuplicates);
      for (const [one, other] of trained) expect(isValidated(one)).toBe(isValidated(other));
      const blind = await partOf(undefined);
      apart += trained.filter(([one, other]) => blind(one) !== blind(other)).length;
    }
    // Without them about half of the pairs are torn apart.
    expect(apart).toBeGreaterThan(6);
  });
});
