/** A thread that compares its share of the looks; what goes wrong in it reaches its starter as the worker's error. */
import { parentPort, workerData } from "node:worker_threads";
import { compareLooks } from "./look-pairs.ts";

for (const report of compareLooks(workerData)) parentPort!.postMessage(report);
