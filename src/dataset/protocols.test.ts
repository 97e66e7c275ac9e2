/** Protocols on small data sets: what is left, what is said, and what is refused. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { DatasetError } from "../errors.ts";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { Dataset } from "./dataset.ts";
import { type Metadata, readMetadata } from "./metadata.ts";
import { applyProtocol, foldDataset, foldIndices, foldsOf, parseProtocol } from "./protocols.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

async function datasetOf(files: Readonly<Record<string, string>>): Promise<Dataset> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return readDataset(folder);
}
async function metadataOf(table: string): Promise<Metadata> {
  await writeFile(join(folder, "metadata.csv"), table);
  return readMetadata(join(folder, "metadata.csv"));
}
const testPaths = ({ images }: Dataset) => images.filter(({ split }) => split === "test").map(({ path }) => path);

const files = {
  "Train/a/a1.jpg": "1",
  "Train/a/a2.jpg": "2",
  "Train/b/b1.jpg": "3",
  "Train/b/b2.jpg": "4",
  "Test/a/same.jpg": "3",
  "Test/a/lesion.jpg": "5",
  "Test/b/new.jpg": "6",
};
const lesions = "image,lesion_id,patient_id\na1,L1,P1\nlesion,L1,P2\nnew,L2,P1\n";

describe("parseProtocol", () => {
  it("knows the three names", () => {
    expect(parseProtocol("official")).toEqual({ kind: "official" });
    expect(parseProtocol("clean")).toEqual({ kind: "clean" });
    expect(parseProtocol("grouped:5")).toEqual({ kind: "grouped", folds: 5 });
  });

  it.each(["", "Official", "grouped", "grouped:1", "grouped:101", "grouped:2.5", "grouped:-2"])(
    "refuses %j",
    (name) => {
      expect(() => parseProtocol(name)).toThrow(DatasetError);
    },
  );
});

describe("clean", () => {
  it("leaves out test images by content, and by lesion where metadata tell", async () => {
    const dataset = await datasetOf(files);
    const metadata = await metadataOf(lesions);
    const byContent = await applyProtocol(dataset, "clean");
    expect(testPaths(byContent)).toEqual(["Test/a/lesion.jpg", "Test/b/new.jpg"]);
    expect(byContent.protocol).toEqual({ name: "clean", groupedBy: ["content"], leftOut: { content: 1, group: 0 } });
    const byLesion = await applyProtocol(dataset, "clean", { metadata });
    expect(testPaths(byLesion)).toEqual(["Test/b/new.jpg"]);
    expect(byLesion.protocol).toEqual({
      name: "clean",
      groupedBy: ["content", "lesion"],
      leftOut: { content: 1, group: 1 },
    });
    await expect(applyProtocol(dataset, "clean", { metadata, patients: true })).rejects.toThrow(
      "every test image, or another image of its group, stands in training too",
    );
  });

  it("refuses patients without metadata of them", async () => {
    const dataset = await datasetOf(files);
    await expect(applyProtocol(dataset, "clean", { patients: true })).rejects.toThrow("say nothing of patients");
  });
});

describe("grouped", () => {
  it("tests each image in one fold, lesions whole", async () => {
    const dataset = await datasetOf(files);
    const metadata = await metadataOf(lesions);
    const folds = await foldsOf(dataset, { folds: 3, metadata });
    const tested = [0, 1, 2].map((fold) => foldDataset(dataset, folds, fold));
    expect(tested.flatMap(testPaths).sort()).toEqual(Object.keys(files).sort());
    const foldOf = (path: string) => folds.foldOf[dataset.images.findIndex((image) => image.path === path)];
    expect(foldOf("Train/a/a1.jpg")).toBe(foldOf("Test/a/lesion.jpg"));
    expect(foldOf("Train/b/b1.jpg")).toBe(foldOf("Test/a/same.jpg"));
    expect(tested[1]!.protocol).toEqual({ name: "grouped:3", fold: 1, groupedBy: ["content", "lesion"] });
    for (const [fold, { train, test }] of foldIndices(folds).entries()) {
      expect([...train, ...test].sort()).toEqual(dataset.images.map((_, i) => i));
      expect(test.map((i) => dataset.images[i]!.path).sort()).toEqual(testPaths(tested[fold]!).sort());
    }
    expect(await applyProtocol(dataset, "grouped:3", { metadata, fold: 2 })).toEqual(tested[2]);
  });

  it("refuses what cannot be divided", async () => {
    const dataset = await datasetOf(files);
    await expect(foldsOf(dataset, { folds: 7 })).rejects.toThrow(
      "7 folds of only 6 groups of images; take fewer folds",
    );
    await expect(
      foldsOf(dataset, { folds: 2, metadata: await metadataOf("image,lesion_id\nb1,L\nb2,L\nnew,L\n") }),
    ).rejects.toThrow('all images of "b" that are to be divided into folds (3) are one lesion or group');
  });

  it.each([
    ["grouped:3", undefined, "say which fold is tested, from 0 to 2"],
    ["grouped:3", 3, "expected a whole number from 0 to 2 with grouped:3, got 3"],
    ["clean", 0, "only grouped:K has folds, and the protocol is clean"],
  ])("refuses %s with fold %s", async (name, fold, message) => {
    await expect(applyProtocol(await datasetOf(files), name, { fold })).rejects.toThrow(message);
  });
});
