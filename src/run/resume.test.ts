/** Runs that go on after a stop, a kill or a full disk, to the same model, and what is refused because it could not. */
import { spawnSync } from "node:child_process";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { readDataset } from "../image/read-dataset.ts";
import { resume } from "./resume.ts";
import { changeConfig, makeOlderRun } from "./testing/changed.ts";
import {
  data,
  dataset,
  expectedModel,
  finishedRun,
  folder,
  model,
  run,
  settings,
  trainUntil,
} from "./testing/small-run.ts";
import { train } from "./train.ts";

describe("resume", () => {
  it.each([1, 3, 4, 7])("gives the same model after a stop at step %i", async (step) => {
    await trainUntil(step);
    await expect(model()).rejects.toThrow("ENOENT");
    const { finished, epochs } = await resume(run);
    expect({ finished, epochs }).toEqual({ finished: true, epochs: 2 });
    expect((await model()).equals(expectedModel)).toBe(true);
  });

  it("goes on where the computer's date is set back in every step, and between stop and resuming", async () => {
    let date = Date.UTC(2030, 0, 1);
    const setBack = vi.spyOn(Date, "now").mockImplementation(() => (date -= 3_600_000));
    try {
      await trainUntil(4);
      date = Date.UTC(2020, 0, 1);
      const { imagesPerSecond } = await resume(run);
      expect(imagesPerSecond).toBeGreaterThan(0);
    } finally {
      setBack.mockRestore();
    }
    expect((await model()).equals(expectedModel)).toBe(true);
    const lines = (await readFile(join(run, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
    for (const line of lines) expect(JSON.parse(line).seconds).toBeGreaterThan(0);
  });

  it("goes on from nothing but the settings, and cleans up after a kill", async () => {
    await trainUntil(2);
    await rm(join(run, "checkpoint.safetensors"));
    await writeFile(join(run, `.checkpoint.safetensors.${"a".repeat(12)}.tmp`), "half");
    await writeFile(join(run, "metrics.jsonl"), '{"epoch":1,"los');
    await resume(run);
    expect((await model()).equals(expectedModel)).toBe(true);
    expect((await readdir(run)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    const lines = (await readFile(join(run, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).epoch)).toEqual([1, 2]);
  });

  it("writes the model of a finished run again", async () => {
    await cp(finishedRun, run, { recursive: true });
    await rm(join(run, "model.onnx"));
    await resume(run);
    expect((await model()).equals(expectedModel)).toBe(true);
  });

  it("warns where the library is not the one that the run began with", async () => {
    await trainUntil(7);
    await changeConfig(run, (config) => ({ ...config, versions: { ...config.versions, engine: "oneDNN 1.2.3" } }));
    const warnings: string[] = [];
    await resume(run, { onEvent: (event) => event.kind === "warning" && warnings.push(event.message) });
    expect(warnings).toEqual([expect.stringMatching(/started with oneDNN 1\.2\.3 .*, this is plain TypeScript/)]);
  });

  it("warns where the JavaScript engine is not the one that the run began on, which earlier versions called Node", async () => {
    for (const [recorded, named] of [
      [{ runtime: "bun 1.2.3" }, `started on bun 1.2.3, this is Node ${process.version};`],
      [{ node: "v20.1.2" }, `started on Node v20.1.2, this is Node ${process.version};`],
      [{ node: process.version }, undefined],
    ] as const) {
      await rm(run, { recursive: true, force: true });
      await trainUntil(7);
      await changeConfig(run, ({ versions: { runtime: _, ...versions }, ...config }) => ({
        ...config,
        versions: { ...versions, ...recorded },
      }));
      const warnings: string[] = [];
      await resume(run, { onEvent: (event) => event.kind === "warning" && warnings.push(event.message) });
      expect(warnings).toEqual(named === undefined ? [] : [expect.stringContaining(named)]);
    }
  });

  it("warns where images were decoded by another version, or by one from before it was recorded", async () => {
    for (const [recorded, named] of [
      ["0", /decoded by version 0, this is 3 /],
      [undefined, /decoded by version 1, this is 3 /],
    ] as const) {
      await rm(run, { recursive: true, force: true });
      await trainUntil(7);
      await changeConfig(run, (config) => ({ ...config, versions: { ...config.versions, decoder: recorded } }));
      const warnings: string[] = [];
      await resume(run, { onEvent: (event) => event.kind === "warning" && warnings.push(event.message) });
      expect(warnings).toEqual([expect.stringMatching(named)]);
    }
  });

  it("refuses what is no run", async () => {
    await expect(resume(run)).rejects.toThrow(/no run there \(there is no config\.json\)/);
  });

  it.each([
    ["no JSON", () => "{", "from another version of naevus"],
    ["another setting", (text: string) => text.replace('"mixup": 0', '"mixup": 1'), "changed by hand"],
    ["no digest", (text: string) => text.replace(/,\s*"digest": "[^"]*"/, ""), "changed by hand"],
    ["an earlier format", (text: string) => text.replace('"format": 2', '"format": 1'), "changed by hand"],
  ])("refuses a damaged config.json: %s", async (_, damage, which) => {
    await cp(finishedRun, run, { recursive: true });
    const file = join(run, "config.json");
    await writeFile(file, damage(await readFile(file, "utf8")));
    await expect(resume(run)).rejects.toThrow(`config.json: damaged, or ${which}`);
  });

  it.each([
    ["an unknown key", { more: 1 }],
    ["another format", { format: 3 }],
    ["a wrong setting", { settings: { epochs: 0 } }],
  ])("refuses the config.json of another version: %s", async (_, change) => {
    await cp(finishedRun, run, { recursive: true });
    await changeConfig(run, (config) => ({ ...config, ...change }));
    await expect(resume(run)).rejects.toThrow(/config\.json: damaged, or from another version of naevus/);
  });

  it("names the version that wrote a config.json which this one cannot read", async () => {
    await cp(finishedRun, run, { recursive: true });
    await changeConfig(run, (config) => ({ ...config, format: 3, versions: { ...config.versions, naevus: "99.1.0" } }));
    await expect(resume(run)).rejects.toThrow(
      /config\.json: naevus 99\.1\.0 wrote it, and this is naevus [\d.]+, which cannot read it \(format: .*\); use that version or/,
    );
  });

  it.each([
    ["mixup", { settings: { mixup: 0.4 } }, "mixup is 0, expected 0.4"],
    ["the geometry", { settings: { geometry: "fit" } }, 'geometry is "squash", expected "fit"'],
    ["more epochs", { settings: { epochs: 3 } }, "epochs is 2, expected 3"],
    ["a setting that was left to its default", { settings: { weightDecay: 0.1 } }, "weightDecay is null, expected 0.1"],
    ["the learning rate", { resolved: { learningRate: 0.1 } }, "learningRate is 0.001, expected 0.1"],
    ["the batch", { resolved: { batch: 4 } }, "batch is 8, expected 4"],
    ["the threads", { resolved: { threads: 7 } }, "expected 7"],
  ])("refuses to go on with another recipe, though its config.json is whole: %s", async (_, change, message) => {
    await trainUntil(3);
    await changeConfig(run, (config) => ({
      ...config,
      settings: { ...config.settings, ...("settings" in change && change.settings) },
      resolved: { ...config.resolved, ...("resolved" in change && change.resolved) },
    }));
    await expect(resume(run)).rejects.toThrow(/checkpoint\.safetensors: .*another run: /);
    await expect(resume(run)).rejects.toThrow(message);
  });

  it("goes on with a run of an earlier version, and says what is not checked", async () => {
    await trainUntil(5);
    await makeOlderRun(run);
    const warnings: string[] = [];
    await resume(run, { onEvent: (event) => event.kind === "warning" && warnings.push(event.message) });
    expect(warnings).toEqual([expect.stringMatching(/whose files have no digests; whether .* is not checked/)]);
    expect((await model()).equals(expectedModel)).toBe(true);
  });

  it("refuses a corrupted checkpoint", async () => {
    await trainUntil(3);
    const file = join(run, "checkpoint.safetensors");
    const bytes = await readFile(file);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file, bytes);
    await expect(resume(run)).rejects.toThrow(/checkpoint\.safetensors: .*checksum.*delete it/);
  });

  it("refuses data that changed", async () => {
    const copy = join(folder, "changed");
    await cp(data, copy, { recursive: true });
    await cp(finishedRun, run, { recursive: true });
    await rm(join(copy, dataset.images[0]!.path));
    await expect(resume(run, { dataset: await readDataset(copy) })).rejects.toThrow(/images are not those/);
  });

  it("takes the same data from another place", async () => {
    await trainUntil(3);
    const copy = join(folder, "moved");
    await cp(data, copy, { recursive: true });
    await resume(run, { dataset: await readDataset(copy) });
    expect((await model()).equals(expectedModel)).toBe(true);
  });
});

describe("the places on this machine", () => {
  const config = (): Promise<string> => readFile(join(run, "config.json"), "utf8");
  const local = (): string => join(run, "local.json");

  it("stand in local.json alone, without which a run goes on where it is told them", async () => {
    await trainUntil(3);
    expect(await config()).not.toContain(folder);
    expect(JSON.parse(await readFile(local(), "utf8"))).toMatchObject({ data, cache: settings.cache });
    await rm(local());
    await expect(resume(run)).rejects.toThrow(/nothing says where its images are .*no local\.json.*--data/);
    await resume(run, { data, cache: settings.cache });
    expect((await model()).equals(expectedModel)).toBe(true);
  });

  it("are read from the config.json of an earlier version", async () => {
    await trainUntil(3);
    await makeOlderRun(run);
    const record = JSON.parse(await config());
    const { name: _, ...rest } = record.data;
    const earlier = { ...record, data: { root: data, ...rest }, settings: { ...record.settings, data, ...settings } };
    await writeFile(join(run, "config.json"), JSON.stringify(earlier));
    await rm(local());
    await resume(run);
    expect((await model()).equals(expectedModel)).toBe(true);
  });

  it.each(["{", '{"data": 3}', '{"data": "x", "more": 1}'])("are refused where they are damaged: %s", async (text) => {
    await trainUntil(3);
    await writeFile(local(), text);
    await expect(resume(run)).rejects.toThrow(/local\.json: cannot be used .*; delete it, and say .*--data/);
  });
});

/** Sets the largest size of a file that this process may write; false where the system has no `prlimit`. */
const limitFileSize = (bytes: number | "unlimited"): boolean =>
  spawnSync("prlimit", [`--pid=${process.pid}`, `--fsize=${bytes}:`]).status === 0;

// The limit stands for the full disk: writing fails half-way through in the same manner.
it.skipIf(!limitFileSize("unlimited"))("says when there is no room for the checkpoint, and goes on later", async () => {
  limitFileSize(200_000);
  try {
    await expect(train(dataset, { ...settings, out: run })).rejects.toThrow(
      /checkpoint\.safetensors: could not be written: the file is larger than the limit/,
    );
  } finally {
    limitFileSize("unlimited");
  }
  expect((await readdir(run)).sort()).toEqual(["config.json", "images.csv", "local.json", "metrics.jsonl"]);
  await resume(run);
  expect((await model()).equals(expectedModel)).toBe(true);
});
