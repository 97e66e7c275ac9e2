/** `naevus profile` from its flags to its figures. */

import { describe, expect, it } from "vitest";
import type { Profile } from "../../engine/profile/profile.ts";
import { onednnEngines, onednnMissing } from "../../engine/testing/engines-under-test.ts";
import { runRecorded } from "../testing/recorded-command.ts";

const profile = (...argv: readonly string[]) => runRecorded(["profile", ...argv]);

it("refuses what it cannot do before it measures", async () => {
  expect(await profile("--rounds", "0")).toEqual({
    status: 1,
    out: "",
    error: 'naevus: --rounds: expected a whole number of at least 1 and at most 1000, got "0"',
  });
  const { status, error } = await profile("--network", "resnet");
  expect(status).toBe(1);
  expect(error).toContain("resnet18-w32");
});

describe.skipIf(onednnEngines.length === 0)(`on oneDNN${onednnMissing}`, () => {
  it("prints limits and rows as one JSON object", async () => {
    const small = ["--network", "notebook", "--image-size", "16", "--batch", "3", "--precision", "f32"];
    const { status, out } = await profile(...small, "--rounds", "1", "--json");
    expect(status).toBe(0);
    const { rows, roofline, ...about } = JSON.parse(out) as Profile;
    expect(about).toMatchObject({ network: "notebook", batch: 3, precision: "f32" });
    expect(roofline.flopsPerSecond).toBeGreaterThan(1e8);
    expect(roofline.bandwidths.map(({ bytes }) => bytes)).toEqual(
      roofline.bandwidths.map(({ bytes }) => bytes).toSorted((a, b) => a - b),
    );
    for (const { bytesPerSecond } of roofline.bandwidths) expect(bytesPerSecond).toBeGreaterThan(1e7);
    expect(new Set(rows.map(({ kind }) => kind))).toEqual(new Set(["normalize", "conv2d", "maxPool", "dense", null]));
  });
});
