/** The program of the thread in which a user's module runs: it answers once, on a port that the module does not see. */
import * as modules from "node:module";
import { pathToFileURL } from "node:url";
import { type MessagePort, workerData } from "node:worker_threads";
import { PlainDataError, pathInWords, plainData } from "../../formats/plain-data.ts";
import { deepestNesting, mostLayers } from "../../network/bounds.ts";

/** What the thread is started with. */
export interface ModuleTask {
  readonly file: string;
  readonly options: unknown;
  readonly port: MessagePort;
}

/** An error as text alone: instances of the module's own classes do not reach another thread. */
export interface ModuleFailure {
  readonly code?: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** What the thread answers. */
export type ModuleAnswer =
  | { readonly value: unknown }
  | { readonly failure: ModuleFailure }
  /** What the module gave in place of a network. */
  | { readonly refused: string };

const { file, options, port }: ModuleTask = workerData;
delete workerData.port;
// The module can replace the method of all ports.
const post = port.postMessage.bind(port);

/** The streams reach the starter before the answer does, which ends the thread. */
const written = (stream: NodeJS.WriteStream): Promise<void> => new Promise((done) => stream.write("", () => done()));

async function answer(given: ModuleAnswer): Promise<void> {
  await written(process.stdout);
  await written(process.stderr);
  post(given);
  port.close();
}

const text = (read: () => unknown): string => {
  try {
    return String(read()).slice(0, 10_000);
  } catch {
    return "";
  }
};

const failureOf = (error: unknown): ModuleFailure => {
  const { code, name, message, stack } = (error ?? {}) as Partial<Record<keyof ModuleFailure, unknown>>;
  return typeof error === "object" && error !== null && "message" in error
    ? { code: text(() => code), name: text(() => name), message: text(() => message), stack: text(() => stack) }
    : { name: "", message: text(() => error), stack: "" };
};

const kindOf = (value: unknown): string => {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
};

async function run(): Promise<ModuleAnswer> {
  // bun and Deno have no such hooks; what they do not find is said as what any other package is.
  modules.register?.(new URL("./own-package.js", import.meta.url));
  const { default: make } = await import(pathToFileURL(file).href);
  if (typeof make !== "function") return { refused: `its default export is ${kindOf(make)}` };
  const value: unknown = await make(options);
  if (typeof value !== "object" || value === null) return { refused: `its function returns ${kindOf(value)}` };
  // As a network's JSON is bounded.
  return { value: plainData(value, { depth: 2 * deepestNesting + 3, values: 50 * mostLayers }) };
}

process.once("beforeExit", () => void answer({ refused: "it waits for a promise that nothing settles" }));
await answer(
  await run().catch((error: unknown) =>
    error instanceof PlainDataError
      ? { refused: [pathInWords(error.path), error.reason].filter((part) => part !== "").join(": ") }
      : { failure: failureOf(error) },
  ),
);
