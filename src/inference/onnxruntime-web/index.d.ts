export * as library from "onnxruntime-web";
/** The file of the WebAssembly itself. */
export declare const wasm: URL;
