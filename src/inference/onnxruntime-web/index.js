/** The WebAssembly build of ONNX Runtime, which `scripts/build.js` puts beside this file in `dist/`. */
export * as library from "./ort.wasm.bundle.min.mjs";
export const wasm = new URL("./ort-wasm-simd-threaded.wasm", import.meta.url);
