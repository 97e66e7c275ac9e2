import { expect, test } from "vitest";
import { featuresOf, missingFeatures } from "./features.ts";

const cpuinfo = `processor\t: 0
model name\t: some processor
flags\t\t: fpu avx avx2 3dnowprefetch avx512f avx512bw avx512_vnni
bugs\t\t: avx512vl
processor\t: 1
flags\t\t: fpu avx amx_tile
`;

test("features are the flags of the first processor that code may need", () => {
  expect([...featuresOf(cpuinfo)].sort()).toEqual(["3dnowprefetch", "avx", "avx512bw", "avx512f"]);
  expect(featuresOf("Features : asimd")).toEqual(new Set());
  expect(featuresOf("")).toEqual(new Set());
});

test("what is needed and not there is missing", () => {
  const needed = new Set(["amx_tile", "avx512f", "avx512vl"] as const);
  expect(missingFeatures(needed, featuresOf(cpuinfo))).toEqual(["avx512vl", "amx_tile"]);
  expect(missingFeatures(new Set(), new Set())).toEqual([]);
});
