/** ONNX Runtime: its native library, else its WebAssembly, which runs wherever Node does; neither tells its makers anything. */
import { readFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { firstLine, InstallationError } from "../errors.ts";
import { setLibraryEnvironment } from "../foreign/environment.ts";
import { compileAhead } from "../formats/web-assembly.ts";
import { lacksMemory, lessWork, memoryError } from "../memory.ts";

/** `native` is several times as fast, `webassembly` is there on every system. */
export type RuntimeName = "native" | "webassembly";

/** An array that the library computes with. */
interface RuntimeTensor {
  readonly data: unknown;
}

/** An input or output of a model. */
type ValueMetadata =
  | { readonly name: string; readonly isTensor: false }
  | {
      readonly name: string;
      readonly isTensor: true;
      readonly type: string;
      readonly shape: readonly (number | string)[];
    };

/** A model that the library has loaded. */
export interface RuntimeSession {
  readonly inputMetadata: readonly ValueMetadata[];
  readonly outputMetadata: readonly ValueMetadata[];
  run(inputs: Tensors, outputs: readonly string[]): Promise<Tensors>;
  release(): Promise<void>;
}

interface Tensors {
  readonly [name: string]: RuntimeTensor;
}

/** What is used of the library; both of its builds offer it alike. */
export interface RuntimeLibrary {
  readonly env: { logLevel?: "verbose" | "info" | "warning" | "error" | "fatal" };
  readonly Tensor: new (
    type: "uint8" | "float32" | "int64",
    data: Uint8Array | Float32Array | BigInt64Array,
    shape: readonly number[],
  ) => RuntimeTensor;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options?: { executionProviders: string[]; logSeverityLevel: 4; intraOpNumThreads?: number },
    ): Promise<RuntimeSession>;
  };
}

/** A build of ONNX Runtime. */
export interface Runtime {
  readonly name: RuntimeName;
  readonly version: string;
  readonly library: RuntimeLibrary;
  readonly executionProvider: "cpu" | "wasm";
}

/** No literal, so that a bundler leaves it to Node: it need not be installed, and its native part cannot go into a bundle. */
const nativePackage: string = "onnxruntime-node";

const importers: { readonly [Name in RuntimeName]: () => Promise<Runtime> } = {
  async native() {
    // Since version 1.29 it would send what it runs on to its makers, and for that parse the command line by a recursion that a long one
    // takes beyond the stack. This is read once, when the library makes its environment.
    setLibraryEnvironment("ORT_DISABLE_TELEMETRY", "1");
    const library: typeof import("onnxruntime-node") = await import(
      /* webpackIgnore: true */ /* @vite-ignore */ nativePackage
    );
    // An installer may have let the peer range pass: sessions tell of their inputs since version 1.22.
    const { prototype } = (library.InferenceSession ?? {}) as { readonly prototype?: object };
    const version = library.env?.versions?.node ?? "";
    if (!prototype || !("inputMetadata" in prototype)) {
      throw new InstallationError(`onnxruntime-node ${version} is too old`);
    }
    return { name: "native", version, library, executionProvider: "cpu" };
  },
  async webassembly() {
    // V8 would begin to optimize the library after a few images, which takes longer than to judge hundreds, and a process that ends waits for
    // it. With this, 17 times the default of Node 20, it begins where that pays.
    setFlagsFromString("--wasm-tiering-budget=30000000");
    const { library, bytes } = await readWebAssembly();
    // Its threads spin while they wait, and take the processor from each other and from all else.
    library.env.wasm.numThreads = 1;
    // It would fetch the file as pages do, which Node does for no file.
    library.env.wasm.wasmBinary = bytes;
    return { name: "webassembly", version: library.env.versions.web!, library, executionProvider: "wasm" };
  },
};

async function readWebAssembly() {
  try {
    const { library, wasm } = await import("#onnxruntime-web");
    const bytes = await readFile(wasm);
    // The library would print that they are damaged.
    await compileAhead(bytes);
    return { library, bytes };
  } catch (cause) {
    if (lacksMemory(cause)) throw memoryError("loading ONNX Runtime", lessWork, cause);
    throw cause instanceof InstallationError ? cause : webAssemblyTrouble(cause);
  }
}

const webAssemblyTrouble = (cause: unknown): InstallationError =>
  new InstallationError(
    `models cannot be run: the WebAssembly of ONNX Runtime does not load (${firstLine(cause)}); install naevus again, ` +
      "or copy it from naevus/dist/inference/onnxruntime-web to where it is looked for",
    { cause },
  );

/** What is wrong with the library itself, where it said so when it was to load a model, such as that its file is another version's. */
export const runtimeTrouble = (error: Error): InstallationError | undefined =>
  error.message.startsWith("no available backend found") ? webAssemblyTrouble(error) : undefined;

const imported = new Map<RuntimeName, Promise<Runtime>>();

/**
 * The runtime of that name; by default the native one, or WebAssembly where that is not installed or does not load. Throws what the
 * native one throws, InstallationError where WebAssembly does not load.
 */
export function importRuntime(name?: RuntimeName): Promise<Runtime> {
  if (name === undefined) return importRuntime("native").catch(() => importRuntime("webassembly"));
  const runtime = imported.get(name) ?? importers[name]();
  imported.set(name, runtime);
  return runtime;
}
