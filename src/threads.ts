/** Threads of naevus's own. Where they cannot be had, as in a bundle without their file, their work is done in the thread that asks. */
import type { MessagePort } from "node:worker_threads";
// biome-ignore lint/style/useNodejsImportProtocol: webpack looks for a worker of this module, and mistakes that of the other name.
import { Worker } from "worker_threads";
import { firstLine } from "./errors.ts";
import { warnProcess } from "./process-warning.ts";
import { version } from "./version.ts";

/** What a thread can be started for. */
export type ThreadTaskName = "batches" | "look pairs";

/** What a thread does with what its starter gave it. */
export type ThreadTask = (data: never, port: MessagePort) => void;

/** What a thread says first: no other program, nor one of another version, is taken for it. */
export const greeting = `naevus ${version}`;

/** A thread inherits Node's flags, of which one for a program on the command line keeps it from starting a file. */
const ownFlags = process.execArgv.some((flag) => flag.startsWith("--input-type")) ? { execArgv: [] } : {};

/**
 * Starts one thread for each of `data`, as soon as all are ready. Undefined where they cannot be had; a warning of the process then says
 * why, once.
 */
export async function startThreads(task: ThreadTaskName, data: readonly unknown[]): Promise<Worker[] | undefined> {
  const workers: Worker[] = [];
  try {
    // Literally so: bundlers look for this expression. The file's name is naevus's own in a bundle's folder too.
    for (const _ of data) workers.push(new Worker(new URL("./naevus-worker.js", import.meta.url), ownFlags));
    await Promise.all(workers.map(isReady));
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    warnOnce(error);
    return undefined;
  }
  for (const [index, worker] of workers.entries()) worker.postMessage({ task, data: data[index] });
  return workers;
}

/** Milliseconds in which a thread starts even on a busy machine. */
const patience = 60_000;

/** Resolves when the thread has greeted; rejects where it says something else or nothing, fails or ends. */
async function isReady(worker: Worker): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const greeted = new Promise<void>((resolve, reject) => {
    worker.once("message", (message) => {
      if (message === greeting) resolve();
      else reject(new Error("naevus-worker.js is not that of this version"));
    });
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`a thread ended at once, with exit code ${code}`)));
    timer = setTimeout(() => reject(new Error("naevus-worker.js does not answer")), patience);
  });
  await greeted.finally(() => clearTimeout(timer));
}

let warned = false;

function warnOnce(error: unknown): void {
  if (warned) return;
  warned = true;
  warnProcess(
    `naevus cannot start background threads (${firstLine(error)}) and does their work in this one, with the same result but more slowly; ` +
      "if the program is bundled, put naevus-worker.js beside it",
  );
}
