/** A native ONNX Runtime that is installed and does not load: `doctor` says so, and the rest works in WebAssembly. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";

const root = resolve(import.meta.dirname, "../..");

it("is named by doctor, with what mends it", () => {
  const folder = temporaryFolder();
  for (const name of ["bin", "dist", "package.json"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  const packages = join(folder, "node_modules");
  const broken = join(packages, "onnxruntime-node");
  mkdirSync(broken, { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== "onnxruntime-node") symlinkSync(join(root, "node_modules", name), join(packages, name));
  }
  writeFileSync(join(broken, "package.json"), '{ "name": "onnxruntime-node", "main": "index.js" }');
  writeFileSync(join(broken, "index.js"), 'require("./binding.node");');
  const { stdout } = spawnSync(process.execPath, ["bin/naevus.js", "doctor"], { cwd: folder, encoding: "utf8" });
  expect(stdout).toMatch(
    /^ONNX Runtime: .*WebAssembly.*the native build does not load \(Cannot find module '\.\/binding\.node'\); remove node_modules\/onnxruntime-node and type npm install/m,
  );
});
