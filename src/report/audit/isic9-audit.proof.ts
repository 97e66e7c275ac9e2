/** The audit of the real 9-class set: all that is known of it. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { writeAudit } from "./write-audit.ts";

const { NAEVUS_DATA } = process.env;
const folder = temporaryFolder();

describe.skipIf(!NAEVUS_DATA)("the 9-class set (set NAEVUS_DATA to its folder, its metadata beside it)", () => {
  test("everything that is known of it is found, and no pair of two lesions", { timeout: 300_000 }, async () => {
    const { audit } = await writeAudit(NAEVUS_DATA!, {
      out: join(folder, "isic9"),
      metadata: join(NAEVUS_DATA!, "../isic9-metadata.csv"),
    });
    expect(audit.counts).toMatchObject({
      images: 2359,
      contents: 2200,
      unreadable: 0,
      exactDuplicateGroups: 159,
      labelConflicts: 155,
      testImagesInTrain: 18,
      lesionsAcrossSplits: 38,
      testImagesOfTrainLesions: 26,
      cleanTestImages: 74,
      metadataDisagreements: 102,
    });
    expect(audit.curated.classesLeftOut).toEqual(["seborrheic keratosis"]);
    expect(audit.nearDuplicates.length).toBeGreaterThan(60);
    // Three pairs are of an archive that names no lesions; each of them was looked at and is one photograph saved twice.
    expect(audit.nearDuplicates.filter(({ sameLesion }) => sameLesion === false)).toEqual([]);
    const unnamed = audit.nearDuplicates.filter(({ sameLesion }) => sameLesion === undefined);
    expect(unnamed.map(({ a, b }) => [a.path, b.path].map((path) => /\d{7}/.exec(path)![0]).sort())).toEqual([
      ["0000399", "0001124"],
      ["0000520", "0010302"],
      ["0000521", "0010990"],
    ]);
    const all = audit.confounds!.evidence.at(-1)!;
    expect(all.balancedAccuracy).toBeGreaterThan(2.5 * all.chance);
    expect(all.pValue).toBe(0.01);
  });
});
