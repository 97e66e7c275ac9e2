/** Which settings decide what; every list of names in runs, studies and commands is one of these. */
import { expect, it } from "vitest";
import { dataSettings, decidingSettings, freeSettings, settingNames, tableSettings } from "./settings-by-aspect.ts";

it("opens data by the settings that decide images", () => {
  expect(dataSettings).toEqual([
    ...["classMap", "curation", "metadata", "protocol", "fold", "groupBy", "maxPixels", "seed", "testFraction"],
  ]);
});

it("repeats a training by all but places and what is written beside the weights", () => {
  const others = settingNames.filter((name) => !(decidingSettings as readonly string[]).includes(name));
  expect(others).toEqual([
    ...[
      "data",
      "classMap",
      "curation",
      "metadata",
      "recipe",
      "seconds",
      "from",
      "checkpointSeconds",
      "tensorboard",
      "hashes",
      "out",
      "cache",
    ],
  ]);
});

it("lets places alone be told anew, and tables be compared by what they hold", () => {
  expect(freeSettings).toEqual(["data", "out", "cache"]);
  expect(tableSettings).toEqual(["classMap", "curation", "metadata"]);
});
