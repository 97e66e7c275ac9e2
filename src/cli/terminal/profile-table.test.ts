/** The profile as people read it. */
import { expect, test } from "vitest";
import type { Profile, ProfileRow } from "../../engine/profile/profile.ts";
import { formatProfile } from "./profile-table.ts";

const row = (part: Partial<ProfileRow>): ProfileRow => ({
  pass: "forward",
  layer: "1",
  kind: "conv2d",
  primitive: "forward",
  runs: 8,
  implementations: ["jit_bf16:avx512_core_bf16"],
  seconds: 0.0031,
  share: 0.31,
  flops: 0.9e9,
  bytes: 4e6,
  limitSeconds: 0.002,
  ...part,
});

const profile: Profile = {
  network: "notebook",
  batch: 32,
  precision: "bf16",
  engine: {
    name: "onednn",
    library: "oneDNN 2.6.3 (libdnnl.so.2)",
    instructionSet: "AVX-512 BF16",
    threads: 2,
    precisions: ["f32", "bf16"],
    defaultPrecision: "bf16",
  },
  roofline: {
    precision: "bf16",
    flopsPerSecond: 460e9,
    bandwidths: [
      { bytes: 1e6, bytesPerSecond: 150e9 },
      { bytes: 1e8, bytesPerSecond: 30e9 },
    ],
  },
  stepSeconds: 0.01,
  primitiveSeconds: 0.009,
  primitiveOverStep: 0.9,
  rows: [
    row({}),
    row({ layer: "12.shortcut.0", pass: "backward", primitive: "backward weights", runs: 1, seconds: 0.005 }),
    row({ layer: "3", kind: "maxPool", flops: 0, seconds: 0.0004, share: 0.04, limitSeconds: 0.0001 }),
    row({ layer: "logits", kind: null, primitive: "reorder", flops: 0, seconds: 0, share: 0, limitSeconds: 0 }),
    row({ layer: "optimizer", kind: null, pass: "update", primitive: "mean square", flops: 0, share: 0.001 }),
  ],
};

test("a row says time, share, what was reached of the limit, and who computed it", () => {
  const lines = formatProfile(profile).split("\n");
  expect(lines[0]).toBe("notebook, batch 32, bf16: 10.0 ms a step, 3200 images/s");
  expect(lines).toContainEqual(
    expect.stringMatching(/^1 +conv2d forward x8 +3\.10 +31\.0 % +290 of 450 GFLOP\/s jit_bf16:avx512_core…$/),
  );
  expect(lines).toContainEqual(expect.stringMatching(/^12\.shortcut\.0 conv2d backward weights +5\.00/));
  expect(lines).toContainEqual(expect.stringMatching(/^3 +maxPool forward x8 +0\.40 +4\.0 % +10 of 40 GB\/s /));
  expect(lines).toContainEqual(expect.stringMatching(/^logits +reorder x8 +0\.00 +0\.0 % +- of - GB\/s /));
  expect(lines.filter((line) => line.startsWith("optimizer"))).toHaveLength(1);
  expect(formatProfile(profile)).toContain("inside primitives: 9.00 ms, each timed alone: 90.0 % of the step");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
});

test("the layers of a kind stand together, the longest first", () => {
  const lines = formatProfile(profile).split("\n");
  const summary = lines.slice(lines.indexOf("by kind of layer") + 1).map((line) => line.split(/ {2,}/)[0]);
  expect(summary.slice(0, 3)).toEqual(["conv2d", "conv2d", "maxPool"]);
});
