/** A tiny bench in processes of its own has every figure. */
import { spawnSync } from "node:child_process";
import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { onednnEngines, onednnMissing } from "../engine/testing/engines-under-test.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { Effort, Results } from "./bench.ts";
import { benchmarkNetworks } from "./benchmark-networks.ts";
import { figuresOf } from "./figures.ts";
import { formatResults } from "./results-table.ts";

const folder = temporaryFolder();

/** As little of everything as can be measured, without the peer. */
const tinyEffort: Effort = {
  batch: 4,
  training: { networks: benchmarkNetworks, warmUpSteps: 1, rounds: 1, stepsPerRound: 1 },
  inference: { rounds: 1, runsPerRound: 1 },
  augmentationBatches: 1,
  pipeline: { networks: ["resnet18-w32"], images: 18, rounds: 1, steps: 2 },
  primitiveRounds: 1,
  start: { images: 18, runs: 1 },
  scaling: { batches: [1, 2], threads: [1], imageSizes: [32], setSizes: [18, 36], steps: 1 },
  imageSize: 16,
};

/** The bench in processes of its own, which Node 20 runs compiled only. */
function tinyBench(): Results {
  const root = resolve(import.meta.dirname, "../..");
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const project = join(root, "tsconfig.build.json");
  const compiled = spawnSync(process.execPath, [compiler, "--project", project, "--outDir", join(folder, "dist")], {
    encoding: "utf8",
    cwd: root,
  });
  if (compiled.status !== 0) throw new Error(`the TypeScript compiler failed: ${compiled.stdout}`);
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  writeFileSync(
    join(folder, "tiny.mjs"),
    `import { runBench } from "./dist/bench/bench.js";
     const effort = ${JSON.stringify(tinyEffort)};
     const options = { effort, threads: 1, python: undefined, date: new Date(0), onProgress() {} };
     console.log(JSON.stringify(await runBench(options)));`,
  );
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, "tiny.mjs")], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Results;
}

/** Both charts, with and without a peer, say in words what they show. */
function shows(results: Results): void {
  const [training, scaling] = figuresOf(results);
  const [row] = results.training;
  expect(training).toMatchObject({ file: "training.svg" });
  expect(training!.description).toContain(`notebook f32 ${row!.imagesPerSecond.toFixed(0)}; `);
  expect(training!.description).not.toContain("against");
  expect(JSON.stringify(training!.spec)).not.toContain("PyTorch");
  expect(scaling!.description).toMatch(/Batch: 1: [\d.]+, 2: [\d.]+\. .*whole pipeline.*: 18: [\d.]+, 36: [\d.]+$/);

  const compared = { ...row!, peer: "PyTorch 9.8 f32 nchw", peerImagesPerSecond: 12.3, ratio: 2 };
  const [beside, ...others] = figuresOf({ ...results, training: [compared], scaling: null });
  expect(beside!.description).toContain("against 12");
  expect(JSON.stringify(beside!.spec)).toContain('"PyTorch 9.8, its best"');
  expect(others).toEqual([]);
}

describe.skipIf(onednnEngines.length === 0)(`a tiny bench without a peer${onednnMissing}`, () => {
  test("has every figure, and the table shows them", () => {
    const results = tinyBench();
    const positive = expect.toSatisfy((value) => typeof value === "number" && value > 0 && Number.isFinite(value));
    const row = {
      imagesPerSecond: positive,
      peakMemoryBytes: positive,
      peer: null,
      peerImagesPerSecond: null,
      ratio: null,
    };
    const precisions = onednnEngines.map(({ precision }) => precision);
    expect(results.training).toMatchObject(
      benchmarkNetworks.flatMap((network) => precisions.map((precision) => ({ network, precision, ...row }))),
    );
    expect(results).toMatchObject({
      measured: "1970-01-01",
      machine: { processor: expect.any(String), cores: positive },
      engine: { name: "onednn", threads: 1 },
      peerConfigurations: null,
      augmentationImagesPerSecond: positive,
      pipelineOverStep: positive,
      primitiveOverStep: positive,
      peakMemoryBytes: positive,
      peerPeakMemoryBytes: null,
      startSeconds: positive,
    });
    expect(results.inference).toMatchObject(
      benchmarkNetworks.map((network) => ({ network, milliseconds: positive, ratio: null })),
    );
    const point = { imagesPerSecond: positive, peakMemoryBytes: positive };
    expect(results.scaling).toMatchObject({
      batch: [1, 2].map((value) => ({ value, ...point })),
      threads: [{ value: 1, ...point }],
      imageSize: [{ value: 32, ...point }],
      setSize: [18, 36].map((value) => ({ value, packSeconds: positive, openSeconds: positive, ...point })),
    });
    expect(results.primitiveOverStep).toBe(Math.min(...results.primitives.map((row) => row.primitiveOverStep)));

    const table = formatResults(results);
    for (const line of table.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    expect(table).toContain("not measured");
    expect(table).toMatch(/^36 images +\d/m);
    shows(results);
  }, 240_000);
});
