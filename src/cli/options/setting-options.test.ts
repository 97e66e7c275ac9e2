/** Settings from options: which places become absolute, and what a run that goes on may be told. */
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { parseSettings } from "../../training/settings/parse.ts";
import { refuseOtherSettings, withAbsolutePaths } from "./setting-options.ts";

it("makes absolute what a run keeps, so that it goes on from any folder", () => {
  const settings = { metadata: "m.csv", curation: "p.csv", classMap: "c.csv", cache: "cache", epochs: 2 };
  expect(withAbsolutePaths(settings)).toEqual({
    ...Object.fromEntries(
      ["metadata", "curation", "classMap", "cache"].map((name) => [name, resolve(settings[name as "cache"])]),
    ),
    epochs: 2,
  });
});

it("lets a run be told where things are now, and nothing else", () => {
  const run = { settings: parseSettings({ epochs: 3 }), resolved: { batch: 8 } };
  const square = { settings: parseSettings({ imageSize: 16 }), resolved: {} };
  expect(() => refuseOtherSettings({ imageSize: "16x16" }, square)).not.toThrow();
  expect(() => refuseOtherSettings({ imageSize: "16x24" }, square)).toThrow(
    /leave out --image-size 16x24 \(the run has 16\)/,
  );
  expect(() => refuseOtherSettings({ data: "d", out: "o", cache: "c", epochs: 3, batch: 8 }, run)).not.toThrow();
  for (const other of [{ metadata: "m.csv" }, { hashes: false }, { checkpointSeconds: 5 }, { epochs: 4 }]) {
    expect(() => refuseOtherSettings(other, run)).toThrow(
      /^--resume goes on with the run's own settings; leave out --/,
    );
  }
});
