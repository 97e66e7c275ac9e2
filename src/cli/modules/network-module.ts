/**
 * A network that a user's own module makes. The module runs in a thread that gets 10 seconds and half a gigabyte, and what it gives is
 * taken as data. Only the commands that design or train a network load one: `scripts/check-imports.js` holds that.
 */
import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { readText } from "../../disk/files.ts";
import { readSentence } from "../../disk/system-errors.ts";
import { firstLine, NetworkError } from "../../errors.ts";
import { exitAtOnce } from "../../foreign/exit.ts";
import { javascriptRuntime } from "../../javascript-runtime.ts";
import type { ArchitectureOptions } from "../../network/architectures.ts";
import { buildGraph } from "../../network/graph.ts";
import { imageGraph } from "../../network/image-graph.ts";
import { parseNetwork } from "../../network/json/parse-network.ts";
import type { Network } from "../../network/layer.ts";
import type { NetworkFunction } from "../../network/network-source.ts";
import { lineForTerminal, printableLine } from "../../text/printable.ts";
import { type ModuleProblem, moduleProblem, typescriptCure } from "./module-failure.ts";
import type { ModuleAnswer, ModuleFailure, ModuleTask } from "./module-worker.ts";

const megabytes = 512;

/** For a thread that is told to end. */
const secondsToEnd = 1;

/** How a module is run. */
export interface ModuleLimits {
  /** Takes a line that the module prints; by default it goes to standard error. */
  readonly print?: (line: string) => void;
  /** For loading and calling together; 10 by default. */
  readonly seconds?: number;
  /** Whether the network may be one for another number of classes than is asked for; false by default. */
  readonly ownClasses?: boolean;
}

/** Whether a path is that of a module, by its ending. */
export const isNetworkModule = (file: string): boolean => /\.[cm]?[jt]s$/.test(file);

/** An example of what a module has to hold, for the sentences that say it does not. */
const expected = "expected export default ({ classes, imageSize }) => ({ name, input, layers })";

/**
 * The network that a module's default export makes, checked: a function of classes and image size, which may be asynchronous. A network
 * without a name is called after the file; an image size that is given goes before the network's own.
 *
 * @throws NetworkError with the file, the line where it is known, what is wrong and what to do
 */
export async function runNetworkModule(
  file: string,
  options: ArchitectureOptions,
  limits: ModuleLimits = {},
): Promise<Network> {
  const source = await readText(file).catch((error: unknown) => {
    throw new NetworkError(readSentence(file, error, "give the module of a network"), { cause: error });
  });
  const refuse = (reason: string, cure: string, line?: number): never => {
    throw new NetworkError(`${file}: ${line === undefined ? "" : `line ${line}: `}${reason}; ${cure}`);
  };
  const { typescript } = process.features as { readonly typescript?: string | false };
  const runtime = javascriptRuntime();
  if (/\.[cm]?ts$/.test(file) && runtime.startsWith("Node") && !typescript) {
    refuse(`${runtime} does not run TypeScript`, typescriptCure);
  }
  const path = await realpath(file);
  const answer = await answerOf(path, options, limits);
  if ("reason" in answer) return refuse(answer.reason, answer.cure);
  if ("refused" in answer) return refuse(answer.refused, expected);
  if ("failure" in answer) {
    const { reason, cure, line } = moduleProblem(answer.failure, source, [pathToFileURL(path).href, path]);
    return refuse(reason, cure, line);
  }
  const name = printableLine(basename(file).replace(/\.[cm]?[jt]s$/, "")).slice(0, 100);
  const network = parseNetwork(answer.value, { ...options, name, source: file });
  try {
    imageGraph(network, limits.ownClasses ? buildGraph(network).classes : options.classes);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new NetworkError(`${file}: ${error.message}`, { cause: error });
  }
  return network;
}

/** A module that gave no answer. */
const unanswered = (reason: string): ModuleProblem => ({
  reason,
  cure: "correct the module, or give the network as JSON",
});

/** Makes the functions of modules, which all run alike. */
export const moduleLoader =
  (limits: ModuleLimits) =>
  (file: string): NetworkFunction =>
  (options) =>
    runNetworkModule(file, options, limits);

/** What a thread that runs the module answers, or why it answers nothing. */
async function answerOf(
  file: string,
  options: ArchitectureOptions,
  { print = (line) => void process.stderr.write(`${lineForTerminal(line)}\n`), seconds = 10 }: ModuleLimits,
): Promise<ModuleAnswer | ModuleProblem> {
  const { port1, port2 } = new MessageChannel();
  const task: ModuleTask = { file, options, port: port2 };
  const memory = unanswered(`it takes more than ${megabytes} MB of memory`);
  let worker: Worker;
  try {
    worker = new Worker(new URL("./module-worker.js", import.meta.url), {
      workerData: task,
      transferList: [port2],
      // What it prints would mix with what the command prints.
      stdout: true,
      stderr: true,
      execArgv: [...process.execArgv.filter((flag) => !flag.startsWith("--input-type")), ...quiet],
      // The heap alone; what lies outside of it is watched below, and mostly this as well, since a single huge object ends the process.
      resourceLimits: { maxOldGenerationSizeMb: 2 * megabytes },
    });
  } catch (error) {
    port1.close();
    return {
      reason: `it cannot run in a thread of its own (${firstLine(error)})`,
      cure: "allow threads, or let naevus network --write make a JSON file of it where they are allowed",
    };
  }
  for (const input of [worker.stdout, worker.stderr]) createInterface({ input }).on("line", print);
  const before = process.memoryUsage.rss();
  const timers: NodeJS.Timeout[] = [];
  try {
    return await new Promise((answered) => {
      port1.once("message", (message: unknown) => answered(answerIn(message)));
      worker.on("error", (error: NodeJS.ErrnoException) => {
        answered(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? memory : { failure: failureOf(error) });
      });
      worker.once("exit", (code) => {
        const last: { message: unknown } | undefined = receiveMessageOnPort(port1);
        const nothing = unanswered(`it ends its thread by process.exit(${code}) and returns nothing`);
        answered(last ? answerIn(last.message) : nothing);
      });
      timers.push(
        setTimeout(() => answered(unanswered(`it takes more than ${seconds} seconds`)), seconds * 1000),
        setInterval(() => {
          if (process.memoryUsage.rss() - before > megabytes * 1e6) answered(memory);
        }, 20),
      );
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    port1.close();
    await ended(worker);
  }
}

/** Whether something is what the thread answers: the module can change whatever the thread computes with. */
const isAnswer = (message: unknown): message is ModuleAnswer => {
  if (typeof message !== "object" || message === null) return false;
  const { refused, failure } = message as { readonly refused?: unknown; readonly failure?: Partial<ModuleFailure> };
  if ("refused" in message) return typeof refused === "string";
  if ("failure" in message) {
    return [failure?.name, failure?.message, failure?.stack].every((text) => typeof text === "string");
  }
  return "value" in message;
};

const answerIn = (message: unknown): ModuleAnswer | ModuleProblem =>
  isAnswer(message) ? message : unanswered("it changes what its thread answers");

let stuck = false;

/** Whether the thread of a module could not be ended: the process then has to be told to exit. */
export const hasStuckThread = (): boolean => stuck;

/** Ends the thread. One that waits for the system, such as for a command or a pipe, ends when that is done, and Node's exit would wait for it. */
async function ended(worker: Worker): Promise<void> {
  const patience = new AbortController();
  const isOver = await Promise.race([
    worker.terminate().then(() => true),
    pause(secondsToEnd * 1000, false, { signal: patience.signal }).catch(() => true),
  ]);
  patience.abort();
  if (isOver) return;
  stuck = true;
  process.once("exit", exitAtOnce);
}

/** Flags that keep Node from warning of a package.json that says nothing of modules, and that types are taken out. */
const quiet = javascriptRuntime().startsWith("Node")
  ? ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--disable-warning=ExperimentalWarning"]
  : [];

/** Of an error that the module did not await: what the thread's end brings here. */
const failureOf = (error: unknown): ModuleFailure =>
  error instanceof Error
    ? { ...error, name: error.name, message: error.message, stack: error.stack ?? "" }
    : { name: "", message: String(error), stack: "" };
