import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readDataset } from "../image/read-dataset.ts";
import { packImages } from "../image/store/packed-store.ts";
import { median } from "../median.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { Results } from "./bench.ts";
import { cheapClasses, writeCheapDataset } from "./cheap-dataset.ts";
import { drawFigures } from "./figures.ts";
import { LineProcess } from "./line-process.ts";
import { labelOf, peerConfigurations } from "./pytorch-peer.ts";
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
