/** The bench's own logic: medians, which peer a row is compared with, the talk with child processes, and a tiny bench. */
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { onednnEngines, onednnMissing } from "../engine/testing/engines-under-test.ts";
import { readDataset } from "../image/read-dataset.ts";
import { packImages } from "../image/store/packed-store.ts";
import { median } from "../median.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { Effort, Results } from "./bench.ts";
import { benchmarkNetworks } from "./benchmark-networks.ts";
import { cheapClasses, writeCheapDataset } from "./cheap-dataset.ts";
import { drawFigures, figuresOf } from "./figures.ts";
import { LineProcess } from "./line-process.ts";
import { labelOf, peerConfigurations } from "./pytorch-peer.ts";
import { formatResults } from "./results-table.ts";
import { bestPeer, type PeerRate } from "./training-bench.ts";

const folder = temporaryFolder();

test("median of odd, even and single counts", () => {
  expect(median([9, 1, 2])).toBe(2);
  expect(median([4, 1, 9, 2])).toBe(3);
  expect(median([7])).toBe(7);
});

test("f32 is compared with the best of f32, bf16 with the best of all", () => {
  const rate = (precision: PeerRate["precision"], layout: PeerRate["layout"], imagesPerSecond: number): PeerRate => ({
    precision,
    layout,
    imagesPerSecond,
  });
  const f32 = [rate("f32", "nchw", 100), rate("f32", "channels_last", 120)];
  const bf16 = [rate("bf16", "nchw", 90), rate("bf16", "channels_last", 300)];
  expect(bestPeer("f32", [...f32, ...bf16])).toEqual(f32[1]);
  expect(bestPeer("bf16", [...f32, ...bf16])).toEqual(bf16[1]);
  // Where bf16 is emulated, the peer's f32 is its best, and that is what has to be beaten.
  expect(bestPeer("bf16", [...f32, bf16[0]!])).toEqual(f32[1]);
  expect(bestPeer("f32", [])).toBeUndefined();
});

test("the peer is measured in the precisions that the processor has", () => {
  const labels = (precisions: Parameters<typeof peerConfigurations>[0]) => peerConfigurations(precisions).map(labelOf);
  expect(labels(["f32"])).toEqual(["f32 nchw", "f32 channels_last"]);
  expect(labels(["f32", "bf16"])).toEqual(["f32 nchw", "f32 channels_last", "bf16 nchw", "bf16 channels_last"]);
});

test("a child answers line by line, and ends when its input does", async () => {
  const child = new LineProcess(process.execPath, [
    "-e",
    `console.log(JSON.stringify({ ready: true }));
     require("readline").createInterface({ input: process.stdin }).on("line", (line) => console.log(JSON.parse(line).value * 2));`,
  ]);
  expect(await child.receive()).toEqual({ ready: true });
  expect(await child.ask({ value: 21 })).toBe(42);
  expect(await child.ask({ value: 4 })).toBe(8);
  await child.close();
});

test("a child that fails, or does not exist, shows as an error that says why", async () => {
  const failing = new LineProcess(process.execPath, ["-e", 'console.error("no such library"); process.exit(1)']);
  await expect(failing.receive()).rejects.toThrow("no such library");
  const missing = new LineProcess("naevus-no-such-command", []);
  await expect(missing.receive()).rejects.toThrow("ENOENT");
});

test("the cheap data set is one that can be trained on, and no image is another's copy", async () => {
  const root = join(folder, "cheap");
  await writeCheapDataset(root, 40);
  const dataset = await readDataset(root);
  expect(dataset.classes).toHaveLength(cheapClasses);
  expect(dataset).toMatchObject({ problems: [], images: { length: 40 } });
  const packed = await packImages(dataset, { size: 8, cacheFolder: join(folder, "cache") });
  const pixels = new Uint8Array(40 * 8 * 8 * 3);
  packed.read(
    packed.images.map((_, i) => i),
    pixels,
  );
  packed.close();
  const different = new Set(packed.images.map((_, i) => pixels.subarray(i * 192, (i + 1) * 192).join()));
  expect(different.size).toBe(40);
});

/** As little of everything as can be measured, without the peer. */
const tinyEffort: Effort = {
  batch: 4,
  training: { warmUpSteps: 1, rounds: 1, stepsPerRound: 1 },
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

test("charts are drawn as files of their own", async () => {
  const results = {
    training: [{ network: "notebook", precision: "f32", imagesPerSecond: 300, peer: null, peerImagesPerSecond: null }],
    machine: { processor: "a processor" },
    engine: { threads: 2, instructionSet: "AVX2" },
    batch: 32,
    scaling: null,
  } as unknown as Results;
  await drawFigures(results, join(folder, "figures"));
  const svg = readFileSync(join(folder, "figures/training.svg"), "utf8");
  expect(svg).toMatch(/^<svg [^>]*aria-label="Images per second in training: notebook f32 300"/);
  expect(svg).toContain("a processor, 2 threads, AVX2");
});

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
