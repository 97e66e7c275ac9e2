/** Models of merged classes judge data of the old ones by the map that they keep, without its file. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { formatEvaluation } from "../../evaluation/judgement/format-evaluation.ts";
import { compareRuns } from "../compare.ts";
import { readConfig } from "../folder/run-config.ts";
import { resume } from "../resume.ts";
import type { RunContext } from "../run-events.ts";
import { train } from "../train.ts";
import { inModelClasses } from "./model-classes.ts";
import { openData, openJudgedData } from "./open-data.ts";
import { cache, copy, folder, judge, modelOf, published, settings } from "./testing/judged-runs.ts";

/** Trains on the published folders with a map whose table is gone afterwards. */
async function merged(name: string, rows: readonly string[]): Promise<string> {
  const [run, classMap] = [join(folder, name), join(folder, `${name}.csv`)];
  await writeFile(classMap, ["class,becomes", ...rows].join("\n"));
  await train(await openData(published, { classMap, cache }), { ...settings, classMap, out: run });
  await rm(classMap);
  return run;
}

const malignant = ["melanoma", "basal cell carcinoma", "squamous cell carcinoma"];
const benign = ["actinic keratosis", "dermatofibroma", "nevus", "pigmented benign keratosis", "vascular lesion"];
const rows = [
  ...malignant.map((name) => `${name},malignant`),
  ...benign.map((name) => `${name},benign`),
  "seborrheic keratosis,",
];

describe("a run of merged classes", () => {
  it("keeps its map whole, and goes on, is judged and compared without the map's table", async () => {
    const run = await merged("two-groups", rows);
    const { data } = await readConfig(run);
    expect(data.classes).toEqual(["benign", "malignant"]);
    expect(data.classMap!.becomes).toContainEqual(["seborrheic keratosis", null]);
    expect(data.classMap!.becomes).toHaveLength(9);
    const { leftOut } = data.classMap!;
    expect(leftOut).toBeGreaterThan(0);
    expect(data.train + data.test + leftOut).toBe(96);

    for (const given of [{}, { protocol: "official" }, { protocol: "grouped:2", fold: 0 }]) {
      const own = await judge(run, published, { given, allowSeen: true });
      expect(own).toMatchObject({ classes: ["benign", "malignant"], classMap: data.classMap });
      expect(formatEvaluation(own)).toContain(
        "\nclasses mapped: malignant: melanoma, basal cell carcinoma, squamous cell carcinoma; benign: actinic keratosis, ",
      );
      expect(formatEvaluation(own)).toContain(`; left out: seborrheic keratosis (${leftOut} images)`);
    }
    expect((await resume(run, { cache })).finished).toBe(true);

    await writePhantomDataset(copy, { images: 36, size: 16, seed: 5 });
    for (const model of [run, modelOf(run)]) {
      const external = await judge(model, copy);
      expect(external.protocol).toBe("external");
      expect(external.classMap!.leftOut).toBe(36 - external.samples);
      expect(external.classMap!.leftOut).toBeGreaterThan(0);
      expect(external.perClass.every(({ support }) => support > 0)).toBe(true);
      // Names of another clinic become the run's old ones, which its map takes from there.
      const named = await judge(model, copy, { given: { classMap: { nevus: "melanoma" } } });
      expect(named.perClass[1]!.support).toBeGreaterThan(external.perClass[1]!.support);
      expect(named.classMap!.becomes).toContainEqual(["nevus", "malignant"]);
    }

    const other = await merged("other-groups", [...rows.slice(0, -1), "seborrheic keratosis,benign"]);
    const { dataset } = await openJudgedData([run, other], copy, { cache });
    await expect(compareRuns([run, other], dataset, { cache })).rejects.toThrow(
      `the class "seborrheic keratosis" is left out to ${run} and "benign" to ${other}, by the class maps`,
    );
    const { dataset: agreed } = await openJudgedData([run, other], copy, {
      cache,
      classMap: { "seborrheic keratosis": null },
    });
    const warnings: string[] = [];
    const onEvent: RunContext["onEvent"] = (event) => event.kind === "warning" && warnings.push(event.message);
    const compared = await compareRuns([run, other], agreed, { cache, onEvent });
    expect(warnings).toEqual([
      expect.stringContaining(
        `the class "seborrheic keratosis" was left out in the training of ${run} and "benign" in that of ${other}, so that the models mean`,
      ),
    ]);
    await compareRuns([run, modelOf(run)], agreed, { cache, onEvent });
    expect(warnings).toHaveLength(1);
    expect(compared.classMap!.becomes).toContainEqual(["seborrheic keratosis", null]);
  });
});

describe("inModelClasses", () => {
  const dataset = {
    root: "/data",
    origin: "folder",
    classes: ["Malignant", "mole", "wart"],
    images: [0, 1, 2].map((label) => ({ path: `${label}.jpg`, label, split: "test", bytes: 1 }) as const),
    problems: [],
  } as const;
  const becomes = [
    ["Mole", "benign"],
    ["malignant", "other"],
  ] as const;

  it("maps only classes that no model knows, in any case, and leaves the others to whoever judges", () => {
    const mapped = inModelClasses(dataset, ["benign", "malignant"], [{ run: "r", classMap: { becomes, leftOut: 0 } }]);
    expect(mapped.classes).toEqual(["Malignant", "benign", "wart"]);
  });

  it("gives back data without such classes, and data of models without a map", () => {
    expect(inModelClasses(dataset, dataset.classes, [{ run: "r", classMap: { becomes, leftOut: 0 } }])).toBe(dataset);
    expect(inModelClasses(dataset, ["a", "b"], [{ run: "r" }])).toBe(dataset);
  });
});
