/** In words: which build of ONNX Runtime runs models here, and what brings the native one where it is WebAssembly. */
import { firstLine } from "../errors.ts";
import { mend } from "../installation.ts";
import { importRuntime } from "./runtime.ts";

/** Its install script would download libraries for CUDA, and fails where it cannot; naevus needs none of them. */
const nativeCommand = "npm install --ignore-scripts onnxruntime-node";

/** Such as `1.30.0, native`; or why no build runs. */
export async function describeRuntime(): Promise<string> {
  const runtime = await importRuntime().catch((error: Error) => error);
  if (runtime instanceof Error) return runtime.message;
  const { name, version } = runtime;
  return name === "native" ? `${version}, native` : `${version}, WebAssembly: ${await aboutWebAssembly()}`;
}

/** `docs/performance.md` has the figures. */
async function aboutWebAssembly(): Promise<string> {
  const cost = "the same probabilities to five digits, 5 to 8 times as long on two cores";
  const trouble = await importRuntime("native").then(
    () => undefined,
    (error: unknown) => error as NodeJS.ErrnoException,
  );
  const reason = firstLine(trouble);
  const missing = trouble?.code?.endsWith("MODULE_NOT_FOUND") && reason.includes("onnxruntime-node");
  // npm leaves a package as it is that is there.
  const cure = missing
    ? `for the native build type ${nativeCommand}`
    : `the native build does not load (${reason}); ${mend(trouble, `remove node_modules/onnxruntime-node and type ${nativeCommand}`)}`;
  return `${cost}; ${cure}`;
}

let told = false;

/** What to tell once in a process that runs models in WebAssembly: what this costs, and what brings the native build. */
export async function slowRuntimeNotice(): Promise<string | undefined> {
  if (told || (await importRuntime()).name === "native") return undefined;
  told = true;
  return `models run in WebAssembly: ${await aboutWebAssembly()}`;
}
