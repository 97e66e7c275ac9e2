/** Groups: what joins images, directly and over others. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DisjointSets, groupImages } from "./groups.ts";

const paths = (...names: string[]) => names.map((path) => ({ path }));

describe("groupImages", () => {
  it("joins by content, ISIC id, lesion, plan and pair, also over others", () => {
    const images = [
      { path: "a/ISIC_0000001.jpg" },
      { path: "b/ISIC_0000001(1).jpg" },
      { path: "a/x.jpg" },
      { path: "a/y.jpg", group: "g" },
      { path: "a/z.jpg", group: "g" },
      { path: "a/v.jpg" },
      { path: "a/w.jpg" },
    ];
    const { groupOf, members, joinedBy } = groupImages(images, {
      sha256: ["1", "2", "2", "3", "4", "5", undefined],
      metadata: [undefined, {}, {}, { lesion: "L" }, {}, { lesion: "L" }, {}],
      nearDuplicates: [[6, 0]],
    });
    expect(groupOf).toEqual([0, 0, 0, 1, 1, 1, 0]);
    expect(members).toEqual([
      [0, 1, 2, 6],
      [3, 4, 5],
    ]);
    expect(joinedBy).toEqual(["content", "ISIC id", "lesion", "curation plan", "near duplicate"]);
  });

  it("joins by patient only where asked for", () => {
    const images = paths("a.jpg", "b.jpg");
    const metadata = [{ patient: "P" }, { patient: "P" }];
    expect(groupImages(images, { metadata }).groupOf).toEqual([0, 1]);
    expect(groupImages(images, { metadata, patients: true })).toMatchObject({ groupOf: [0, 0], joinedBy: ["patient"] });
  });

  it("takes unknown contents and equal names outside of ISIC for different images", () => {
    const images = paths("a/photo.jpg", "b/photo.jpg", "b/photo (1).jpg");
    expect(groupImages(images, { sha256: [undefined, undefined, undefined] }).groupOf).toEqual([0, 1, 2]);
  });
});

it("disjoint sets are the connected components, whatever the order of joining", () => {
  const pair = fc.tuple(fc.nat(19), fc.nat(19));
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 30 }), (pairs) => {
      const sets = new DisjointSets(20);
      for (const [a, b] of pairs) sets.join(a, b);
      // The smallest number reachable, by spreading it along the pairs until nothing changes.
      const smallest = Array.from({ length: 20 }, (_, i) => i);
      for (let round = 0; round < 20; round++) {
        for (const [a, b] of pairs) smallest[a] = smallest[b] = Math.min(smallest[a]!, smallest[b]!);
      }
      expect(smallest.map((_, i) => sets.find(i))).toEqual(smallest);
    }),
  );
});
