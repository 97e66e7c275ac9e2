/** What is known of the real 9-class set: duplicates, conflicts, leaks, curation and protocols. Needs NAEVUS_DATA. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { hashContents } from "./content-hashes.ts";
import { applyCuration } from "./curation/apply-curation.ts";
import { makeCurationPlan } from "./curation/curate.ts";
import { formatCurationPlan, readCurationPlan } from "./curation/curation-plan.ts";
import type { Dataset } from "./dataset.ts";
import { diagnosisMapping } from "./diagnosis-mapping.ts";
import { type MatchedMetadata, type Metadata, matchMetadata, readMetadata } from "./metadata.ts";
import { applyProtocol, foldDataset, foldsOf } from "./protocols.ts";

const { NAEVUS_DATA } = process.env;

describe.skipIf(!NAEVUS_DATA)("the 9-class set (set NAEVUS_DATA to its folder, its metadata beside it)", () => {
  const folder = temporaryFolder();
  let dataset: Dataset;
  let sha256: readonly (string | undefined)[];
  let metadata: Metadata;
  let matched: MatchedMetadata;
  let curated: Dataset;
  beforeAll(async () => {
    dataset = await readDataset(NAEVUS_DATA!);
    ({ sha256 } = await hashContents(dataset, { cacheFolder: folder }));
    metadata = await readMetadata(join(NAEVUS_DATA!, "../isic9-metadata.csv"));
    matched = matchMetadata(dataset.images, metadata);
    const file = join(folder, "curation.csv");
    await writeFile(file, formatCurationPlan(makeCurationPlan({ dataset, sha256, metadata: matched.images })));
    curated = await applyCuration(dataset, await readCurationPlan(file), { cacheFolder: folder });
  });

  /** Counts by a text. */
  const tally = (texts: readonly string[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
    return counts;
  };
  const className = (index: number) => dataset.classes[dataset.images[index]!.label]!;
  const byContent = () => {
    const same = new Map<string, number[]>();
    for (const [i, content] of sha256.entries()) same.set(content!, [...(same.get(content!) ?? []), i]);
    return [...same.values()];
  };

  it("has its files, contents, conflicts and duplicates", () => {
    expect(dataset.images).toHaveLength(2359);
    expect(byContent()).toHaveLength(2200);
    const classesOf = (indices: readonly number[]) => [...new Set(indices.map(className))].sort();
    const conflicts = byContent().filter((indices) => classesOf(indices).length > 1);
    expect(tally(conflicts.map((indices) => classesOf(indices).join(" & ")))).toEqual({
      "melanoma & seborrheic keratosis": 78,
      "actinic keratosis & nevus": 77,
    });
    const pairs = byContent().filter((indices) => indices.length > 1 && classesOf(indices).length === 1);
    expect(pairs.map((indices) => indices.map((i) => dataset.images[i]!.path))).toEqual([
      ["Train/basal cell carcinoma/ISIC_0025509(1).jpg", "Train/basal cell carcinoma/ISIC_0025509.jpg"],
      ["Train/basal cell carcinoma/ISIC_0025601(1).jpg", "Train/basal cell carcinoma/ISIC_0025601.jpg"],
      ["Train/melanoma/ISIC_0000279.jpg", "Train/melanoma/ISIC_0000280.jpg"],
      ["Train/nevus/ISIC_0000477.jpg", "Train/nevus/ISIC_0000512.jpg"],
    ]);
  });

  it("has labels that its metadata contradict", () => {
    expect(matched.unknownImages).toBe(0);
    expect(matched.unusedIds).toEqual([]);
    const mapping = diagnosisMapping(dataset.classes);
    const contradicted = matched.images.flatMap((image, i) => {
      const labels = image?.diagnosis === undefined ? undefined : mapping.labelsOf(image.diagnosis);
      return labels === undefined || labels.includes(dataset.images[i]!.label)
        ? []
        : [`${className(i)} called ${image!.diagnosis}`];
    });
    expect(tally(contradicted)).toEqual({ "nevus called AK": 76, "seborrheic keratosis called MEL": 26 });
  });

  it("has lesions that span Train and Test, and a clean Test of 74", async () => {
    const splits = new Map<string, Set<string>>();
    for (const [i, image] of matched.images.entries()) {
      if (image?.lesion === undefined) continue;
      splits.set(image.lesion, (splits.get(image.lesion) ?? new Set()).add(dataset.images[i]!.split));
    }
    expect([...splits.values()].filter(({ size }) => size > 1)).toHaveLength(38);
    const clean = await applyProtocol(dataset, "clean", { metadata, cacheFolder: folder });
    expect(clean.images.filter(({ split }) => split === "test")).toHaveLength(74);
    expect(clean.images.filter(({ split }) => split === "train")).toHaveLength(2241);
    expect(clean.protocol).toEqual({
      name: "clean",
      groupedBy: ["content", "ISIC id", "lesion"],
      leftOut: { content: 18, group: 26 },
    });
    const withoutMetadata = await applyProtocol(dataset, "clean", { cacheFolder: folder });
    expect(withoutMetadata.protocol?.leftOut).toEqual({ content: 18, group: 0 });
  });

  it("keeps eight classes after curation", async () => {
    expect(curated.classes).toEqual(dataset.classes.filter((name) => name !== "seborrheic keratosis"));
    expect(curated.curation).toMatchObject({ relabelled: 3, classesLeftOut: ["seborrheic keratosis"] });
    // 2,200 contents, less 54 under melanoma and two under nevus whose other label is not refuted by a diagnosis.
    expect(curated.images).toHaveLength(2200 - 56);
    const { sha256: left } = await hashContents(curated, { cacheFolder: folder });
    expect(new Set(left).size).toBe(curated.images.length);
  });

  it("falls into five folds of whole lesions with every class in each", async () => {
    const folds = await foldsOf(curated, { folds: 5, metadata, cacheFolder: folder });
    const lesionFolds = new Map<string, Set<number>>();
    for (const [i, { path }] of curated.images.entries()) {
      const lesion = metadata.of(path)?.lesion;
      if (lesion !== undefined) lesionFolds.set(lesion, (lesionFolds.get(lesion) ?? new Set()).add(folds.foldOf[i]!));
    }
    expect(Math.max(...[...lesionFolds.values()].map(({ size }) => size))).toBe(1);
    for (const [label] of curated.classes.entries()) {
      const counts = [0, 1, 2, 3, 4].map(
        (fold) => curated.images.filter((image, i) => image.label === label && folds.foldOf[i] === fold).length,
      );
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
    const first = foldDataset(curated, folds, 0);
    expect(first.images).toHaveLength(curated.images.length);
    expect(first.images.filter(({ split }) => split === "test")).toHaveLength(429);
    // The plan's own groups are enough: the metadata were read when it was made.
    const fromPlan = await foldsOf(curated, { folds: 5, cacheFolder: folder });
    expect(fromPlan.foldOf).toEqual(folds.foldOf);
    expect(fromPlan.groupedBy).toEqual(["content", "curation plan"]);
  });
});
