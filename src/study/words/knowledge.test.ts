/** What is said of images kept apart, for every state of what is known. */
import { describe, expect, it } from "vitest";
import { type Knowledge, keptTogether, nothingShared, unknownLesions } from "./knowledge.ts";

const contents: Knowledge = { groupedBy: ["content"], lesionsKnown: 0, grouped: 0, images: 100 };

describe("what may be said of images kept apart", () => {
  it.each([
    [
      "contents alone",
      {},
      "no content",
      "identical images",
      /The metadata do not say which images show the same lesion/,
    ],
    [
      "a curation plan without groups",
      { groupedBy: ["content", "ISIC id", "curation plan"] },
      "no content",
      "identical images",
      /The metadata do not say/,
    ],
    [
      "a curation plan with groups",
      { groupedBy: ["content", "curation plan"], grouped: 4 },
      "no content and no group of the curation plan",
      "identical images and groups of the curation plan",
      /The metadata do not say/,
    ],
    [
      "near duplicates",
      { groupedBy: ["content", "near duplicates"] },
      "no content and no near duplicate",
      "identical images and near duplicates",
      /The metadata do not say/,
    ],
    [
      "metadata with a column of lesions that is empty",
      { groupedBy: ["content", "lesion"] },
      "no content",
      "identical images",
      /The metadata do not say/,
    ],
    [
      "lesions of some images",
      { groupedBy: ["content", "lesion", "curation plan"], lesionsKnown: 70, grouped: 9 },
      "no content and no known lesion",
      "identical images and known lesions",
      /The lesion of 30 of 100 images is unknown/,
    ],
    [
      "lesions of all images, and patients",
      { groupedBy: ["content", "lesion", "patient"], lesionsKnown: 100 },
      "no content, no lesion and no known patient",
      "identical images, lesions and known patients",
      undefined,
    ],
  ] as const)("depends on what was known: %s", (_, more, apart, together, unknown) => {
    const known = { ...contents, ...more };
    expect(nothingShared(known)).toBe(apart);
    expect(keptTogether(known)).toBe(together);
    if (unknown === undefined) expect(unknownLesions(known)).toBeUndefined();
    else expect(unknownLesions(known)).toMatch(unknown);
  });
});
