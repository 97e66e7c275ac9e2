/** The packed package holds what its users need, and nothing that only its makers need. */
import assert from "node:assert/strict";
import { pack, tryPackage } from "./installation.js";

await tryPackage("contents", async (_, work) => {
  const { filename, files, unpackedSize } = pack(work);
  const names = files.map((file) => file.path);
  const unwanted = names.filter((name) =>
    /\.test\.|\.proof\.|-for-tests\.|^dist\/bench\/|reference-numbers/.test(name),
  );
  assert.deepEqual(unwanted, [], "the package holds files that only its makers need");
  for (const name of [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "examples/train.mjs",
    "SECURITY.md",
    "bin/naevus.js",
    "dist/index.js",
    "dist/index.d.ts",
    "dist/inference/onnxruntime-web/LICENSE",
    "dist/inference/onnxruntime-web/NOTICES.txt",
    "dist/inference/onnxruntime-web/ort-wasm-simd-threaded.wasm",
  ]) {
    assert.ok(names.includes(name), `the package lacks ${name}`);
  }
  return `${filename}, ${names.length} files, ${(unpackedSize / 1e6).toFixed(1)} MB`;
});
