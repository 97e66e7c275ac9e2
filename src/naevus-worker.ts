/** The program of naevus's threads; what goes wrong in one reaches its starter as the worker's error. */
import { parentPort } from "node:worker_threads";
import { serveLookPairs } from "./near-duplicates/look-pairs.ts";
import { greeting, type ThreadTask, type ThreadTaskName } from "./threads.ts";
import { serveBatches } from "./training/background-loader.ts";

const tasks: Readonly<Record<ThreadTaskName, ThreadTask>> = { batches: serveBatches, "look pairs": serveLookPairs };

const port = parentPort!;
port.once("message", ({ task, data }: { readonly task: ThreadTaskName; readonly data: never }) =>
  tasks[task](data, port),
);
port.postMessage(greeting);
