/** A native ONNX Runtime that is not installed or does not load: `doctor` says so, and models run in WebAssembly, which is told once. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { installedCopy } from "./testing/installed-copy.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = temporaryFolder();
const data = join(folder, "data");
const run = join(root, "src/run/testing/written-by/0.1.0/finished");

const webAssemblyFile = "dist/inference/onnxruntime-web/ort-wasm-simd-threaded.wasm";
const webAssembly = readFileSync(join(root, webAssemblyFile));

/** Runs the command of a copy. */
const start = (copy: string, args: readonly string[], ...flags: readonly string[]) =>
  spawnSync(process.execPath, [...flags, "bin/naevus.js", ...args], { cwd: copy, encoding: "utf8" });

const places: Record<string, string> = {};

beforeAll(async () => {
  await writePhantomDataset(data, { images: 18, size: 16, seed: 2 });
  for (const name of ["without", "broken", "old"]) places[name] = installedCopy({ missing: ["onnxruntime-node"] });
  const broken = join(places.broken!, "node_modules/onnxruntime-node");
  mkdirSync(broken);
  writeFileSync(join(broken, "package.json"), '{ "name": "onnxruntime-node", "main": "index.js" }');
  writeFileSync(join(broken, "index.js"), 'require("./binding.node");');
  const old = join(places.old!, "node_modules/onnxruntime-node");
  mkdirSync(old);
  writeFileSync(join(old, "package.json"), '{ "name": "onnxruntime-node", "main": "index.js" }');
  writeFileSync(
    join(old, "index.js"),
    'exports.env = { versions: { node: "1.20.1" } }; exports.InferenceSession = class { get inputNames() {} };',
  );
});

describe.each([
  ["without", "for the native build type npm install --ignore-scripts onnxruntime-node"],
  [
    "broken",
    "the native build does not load (Cannot find module './binding.node'); remove node_modules/onnxruntime-node and type npm install --ignore-scripts onnxruntime-node",
  ],
  [
    "old",
    "the native build does not load (onnxruntime-node 1.20.1 is too old); remove node_modules/onnxruntime-node and type npm install --ignore-scripts onnxruntime-node",
  ],
])("%s", (name, cure) => {
  const naevus = (...args: string[]) => {
    const { status, stdout, stderr } = start(places[name]!, args);
    const told = stderr.split("\n").filter((line) => line.includes("WebAssembly"));
    return { status, stdout, told };
  };
  const sentence = expect.stringMatching(/models run in WebAssembly: .* as long on two cores; /);

  it("is told by doctor, with what mends it", () => {
    const row = naevus("doctor")
      .stdout.split("\n")
      .find((line) => line.startsWith("ONNX Runtime:"));
    expect(row).toMatch(/^ONNX Runtime: +[\d.]+, WebAssembly: /);
    expect(row?.endsWith(`; ${cure}`)).toBe(true);
  });

  it("is told once by predict, and not in its JSON", () => {
    const { status, stdout, told } = naevus("predict", run, run, join(data, "Test"), "--json");
    expect({ status, told }).toEqual({ status: 0, told: [sentence] });
    expect(told[0]?.endsWith(`; ${cure}`)).toBe(true);
    expect(JSON.parse(stdout).predictions).toHaveLength(9);
  });

  it("is told once by evaluate, and not in its JSON", () => {
    const { status, stdout, told } = naevus(
      "evaluate",
      run,
      run,
      "--data",
      data,
      "--cache",
      join(folder, "cache"),
      "--json",
    );
    expect({ status, told }).toEqual({ status: 0, told: [sentence] });
    expect(JSON.parse(stdout).accuracy).toBeDefined();
  });

  it("is told once by compare", () => {
    const { status, told } = naevus("compare", run, run, "--data", data, "--cache", join(folder, "cache"));
    expect({ status, told }).toEqual({ status: 0, told: [sentence] });
  });
});

describe.each<[string, () => Buffer | undefined]>([
  ["missing", () => undefined],
  ["truncated", () => webAssembly.subarray(0, 1_000_000)],
  ["damaged", () => Buffer.from(webAssembly).fill(0, 5_000_000, 5_100_000)],
])("where the WebAssembly is %s too", (_, content) => {
  const sentence =
    /models cannot be run: the WebAssembly of ONNX Runtime does not load \(.+\); install naevus again, or copy it from \S+ to where it is looked for/;
  let copy: string;
  beforeAll(() => {
    copy = installedCopy({ missing: ["onnxruntime-node"] });
    rmSync(join(copy, webAssemblyFile));
    const bytes = content();
    if (bytes) writeFileSync(join(copy, webAssemblyFile), bytes);
  });

  it("doctor says so", () => {
    const { stdout, stderr } = start(copy, ["doctor"]);
    expect(stdout).toMatch(new RegExp(`^ONNX Runtime: +${sentence.source}$`, "m"));
    expect(stderr).toBe("");
  });

  it.each([
    ["predict", ["predict", run, join(data, "Test")]],
    ["evaluate", ["evaluate", run, "--data", data, "--cache", join(folder, "cache")]],
  ])("%s ends with the sentence", (_, args) => {
    const { status, stderr } = start(copy, args);
    expect(stderr).toMatch(new RegExp(`^naevus: ${sentence.source}\n$`));
    expect(status).toBe(1);
  });
});

describe("where Node is started", () => {
  it("without WebAssembly, a model is not called damaged", () => {
    const { status, stderr } = start(places.without!, ["predict", run, join(data, "Test")], "--jitless");
    expect(stderr).toMatch(
      /^naevus: this process has no WebAssembly, which naevus needs; start Node without --jitless$/m,
    );
    expect(status).toBe(1);
  });

  it("without native code, nothing is to be installed again", () => {
    const rows = start(root, ["doctor"], "--no-addons").stdout.split("\n");
    for (const name of ["native calls", "image files", "ONNX Runtime"]) {
      const row = rows.find((row) => row.startsWith(`${name}:`));
      expect(row).toMatch(
        /addons is disabled\.\); let Node load native code: no --no-addons, and --allow-addons beside/,
      );
      expect(row).not.toMatch(/install/);
    }
  });
});

it("is not told where the native build judges", () => {
  const { status, stderr } = start(root, ["predict", run, join(data, "Test")]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining("WebAssembly") });
});
