/** A native ONNX Runtime that is not installed or does not load: `doctor` says so, and models run in WebAssembly, which is told once. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { installedCopy } from "./testing/installed-copy.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = temporaryFolder();
const data = join(folder, "data");
const run = join(root, "src/run/testing/written-by/0.1.0/finished");

const places: Record<string, string> = {};

beforeAll(async () => {
  await writePhantomDataset(data, { images: 18, size: 16, seed: 2 });
  for (const name of ["without", "broken"]) places[name] = installedCopy({ missing: ["onnxruntime-node"] });
  const broken = join(places.broken!, "node_modules/onnxruntime-node");
  mkdirSync(broken);
  writeFileSync(join(broken, "package.json"), '{ "name": "onnxruntime-node", "main": "index.js" }');
  writeFileSync(join(broken, "index.js"), 'require("./binding.node");');
});

describe.each([
  ["without", "for the native build type npm install --ignore-scripts onnxruntime-node"],
  [
    "broken",
    "the native build does not load (Cannot find module './binding.node'); remove node_modules/onnxruntime-node and type npm install --ignore-scripts onnxruntime-node",
  ],
])("%s", (name, cure) => {
  const naevus = (...args: string[]) => {
    const options = { cwd: places[name]!, encoding: "utf8" } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, ["bin/naevus.js", ...args], options);
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

it("is not told where the native build judges", () => {
  const args = ["bin/naevus.js", "predict", run, join(data, "Test")];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining("WebAssembly") });
});
