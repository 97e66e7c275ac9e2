/** The thread behind a background batch loader; what goes wrong in it reaches the loader as the worker's error. */
import { parentPort, workerData } from "node:worker_threads";
import { serveBatches } from "./background-loader.ts";

serveBatches(workerData, parentPort!);
