/** Which of other people's images a model is judged on: all of them but those that it was trained on. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { readMetadata } from "../../dataset/metadata.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { evaluate } from "../evaluate.ts";
import { train } from "../train.ts";
import {
  cache,
  copy,
  folder,
  judge,
  modelOf,
  pathsOf,
  published,
  publishedRun,
  settings,
} from "./testing/judged-runs.ts";

describe("external data", () => {
  it("are judged whole, in every layout and with any of the classes", async () => {
    await judge(publishedRun, published);
    const other = join(folder, "external");
    await writePhantomDataset(other, { images: 36, size: 16, seed: 5 });
    expect(await judge(publishedRun, other)).toMatchObject({ protocol: "external", samples: 36 });
    expect(await evaluate(publishedRun, await readDataset(other), { cache })).toMatchObject({
      protocol: "external",
      samples: 36,
    });
    const train = await judge(publishedRun, join(other, "Train"));
    await rename(join(other, "Train"), join(folder, "external-train"));
    const test = await judge(publishedRun, other);
    expect(train.samples + test.samples).toBe(36);
    await rm(join(other, "Test", "nevus"), { recursive: true });
    const some = await judge(modelOf(publishedRun), other);
    expect(some.protocol).toBe("external");
    expect(some.perClass.find((one) => one.class === "nevus")!.support).toBe(0);
    await expect(readFile(join(publishedRun, "evaluation.json"), "utf8")).resolves.toContain('"official"');
  });

  it("lose what the model learned from, named and counted, unless somebody insists", async () => {
    await writePhantomDataset(copy, { images: 36, size: 16, seed: 6 });
    const learned = (await pathsOf(publishedRun, "train")).slice(0, 3);
    for (const [i, path] of learned.entries()) {
      const name = path.split("/").at(-2)!;
      await sharp(join(published, path))
        .png()
        .toFile(join(copy, "Test", name, `seen ${i}.png`));
    }
    for (const run of [publishedRun, modelOf(publishedRun)]) {
      const evaluation = await judge(run, copy);
      expect(evaluation).toMatchObject({ protocol: "external", samples: 36 });
      expect(evaluation.check!.leftOut.content).toBe(3);
      for (const { path, reason } of evaluation.check!.leftOutImages) {
        expect(path).toMatch(/seen \d\.png/);
        expect(reason).toBe("its content stands in training");
      }
      const insisted = await judge(run, copy, { allowSeen: true });
      expect(insisted.samples).toBe(39);
      expect(insisted.check!.seen.content).toBe(3);
    }
  });

  it("lose other images of the lesions that the model learned from", async () => {
    const table = join(folder, "lesions.csv");
    const learned = await pathsOf(publishedRun, "train");
    await writeFile(table, ["path,lesion_id", ...learned.map((path, i) => `${path},L${i}`)].join("\n"));
    const run = join(folder, "with-lesions");
    await train(await readDataset(published), { ...settings, metadata: table, out: run });
    const before = await judge(run, published);
    await rename(table, join(folder, "moved.csv"));
    expect(await judge(run, published)).toEqual(before);
    await writePhantomDataset(copy, { images: 36, size: 16, seed: 8 });
    const other = (await readDataset(copy)).images.map(({ path }) => path);
    const theirs = join(folder, "their-lesions.csv");
    await writeFile(theirs, ["path,lesion_id", `${other[0]},L0`, `${other[1]},new`].join("\n"));
    const metadata = await readMetadata(theirs);
    for (const given of [run, modelOf(run)]) {
      const { samples, check } = await judge(given, copy, { metadata });
      expect(samples).toBe(35);
      expect(check).toMatchObject({ comparedBy: ["content", "lesion"], leftOut: { content: 0, lesion: 1 } });
      expect(check!.leftOutImages).toEqual([{ path: other[0], reason: "its lesion stands in training" }]);
    }
    // A model that tells no lesions cannot be compared by them.
    const { check } = await judge([run, publishedRun], copy, { metadata });
    expect(check).toMatchObject({ comparedBy: ["content"], leftOut: { lesion: 1 } });
  });

  it("may have other names of classes, which a map makes the model's", async () => {
    await writePhantomDataset(copy, { images: 36, size: 16, seed: 4 });
    await rename(join(copy, "Test", "nevus"), join(copy, "Test", "mole"));
    await rename(join(copy, "Train", "nevus"), join(copy, "Train", "naevus"));
    await expect(judge(publishedRun, copy)).rejects.toThrow(
      /the classes "mole", "naevus"; its classes are .*--class-map/,
    );
    const classMap = join(folder, "map.csv");
    await writeFile(classMap, "class,becomes\nmole,nevus\nnaevus,nevus\n");
    expect(await judge(publishedRun, copy, { given: { classMap } })).toMatchObject({ samples: 36 });
  });

  it("cannot be told from a model without digests, which is refused unless somebody insists", async () => {
    const run = join(folder, "no-hashes");
    await train(await readDataset(published), { ...settings, hashes: false, out: run });
    expect(await judge(run, published)).toMatchObject({ protocol: "official" });
    await expect(judge(modelOf(run), published)).rejects.toThrow(
      /nothing tells which images this model was trained on/,
    );
    const insisted = await judge(modelOf(run), published, { allowSeen: true });
    expect(insisted).toMatchObject({ protocol: "external", check: { comparedBy: [] } });
    const [withDigests, without] = [await readFile(modelOf(publishedRun)), await readFile(modelOf(run))];
    expect(withDigests.length - without.length).toBeLessThan(96 * 16 + 1000);
  });
});
