/** ONNX Runtime: its native library, else its WebAssembly, which runs wherever Node does; neither tells its makers anything. */
import { setFlagsFromString } from "node:v8";
import { setLibraryEnvironment } from "../foreign/environment.ts";

/** `native` is several times as fast, `webassembly` is there on every system. */
export type RuntimeName = "native" | "webassembly";

/** A build of ONNX Runtime. */
export interface Runtime {
  readonly name: RuntimeName;
  readonly version: string;
  /** What both builds of the library offer alike. */
  readonly library: Pick<typeof import("onnxruntime-web"), "InferenceSession" | "Tensor" | "env">;
  readonly executionProvider: "cpu" | "wasm";
}

const importers: { readonly [Name in RuntimeName]: () => Promise<Runtime> } = {
  async native() {
    // Since version 1.29 it would send what it runs on to its makers, and for that parse the command line by a recursion that a long one
    // takes beyond the stack. This is read once, when the library makes its environment.
    setLibraryEnvironment("ORT_DISABLE_TELEMETRY", "1");
    const library = await import("onnxruntime-node");
    return { name: "native", version: library.env.versions.node!, library, executionProvider: "cpu" };
  },
  async webassembly() {
    // V8 would begin to optimize the library after a few images, which takes longer than to judge hundreds, and a process that ends waits for
    // it. With this, 17 times the default of Node 20, it begins where that pays.
    setFlagsFromString("--wasm-tiering-budget=30000000");
    const library = await import("onnxruntime-web");
    // Its threads spin while they wait, and take the processor from each other and from all else.
    library.env.wasm.numThreads = 1;
    return { name: "webassembly", version: library.env.versions.web!, library, executionProvider: "wasm" };
  },
};

const imported = new Map<RuntimeName, Promise<Runtime>>();

/** The runtime of that name; by default the native one, or WebAssembly where that is not installed or does not load. */
export function importRuntime(name?: RuntimeName): Promise<Runtime> {
  if (name === undefined) return importRuntime("native").catch(() => importRuntime("webassembly"));
  const runtime = imported.get(name) ?? importers[name]();
  imported.set(name, runtime);
  return runtime;
}
