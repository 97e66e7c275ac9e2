/** `npm run bench`: measures, prints a table or JSON, writes bench/results.json and draws docs/figures/. */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { fullEffort, quickEffort, runBench } from "./bench.ts";
import { drawFigures } from "./figures.ts";
import { findPython } from "./pytorch-peer.ts";
import { formatResults } from "./results-table.ts";

const help = `Usage: npm run bench -- [options]

Training, inference, augmentation, the whole pipeline, memory, start, and how they scale; training and inference side by
side with PyTorch where python3 can import torch. Other work on the machine would show in the figures.

  --quick       fewer steps and no scaling, under a minute
  --json        print one JSON object instead of a table
  --out FILE    where to write the results (default: bench/results.json, with charts in docs/figures; with --quick: nowhere)
  --threads N   threads of both sides (default: all ${availableParallelism()})
  --help        show this`;

/** Three significant digits are more than a bench can promise; JSON keeps four. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    out: { type: "string" },
    threads: { type: "string", default: String(availableParallelism()) },
    help: { type: "boolean", default: false },
  },
});

async function main(): Promise<void> {
  const threads = Number(values.threads);
  if (!Number.isInteger(threads) || threads < 1)
    throw new Error(`--threads: expected a whole number, got ${values.threads}`);
  const onProgress = (message: string) => console.error(`bench: ${message}`);
  const python = findPython();
  if (python === undefined)
    onProgress("python3 cannot import torch, so there is no peer (Debian: apt-get install python3-torch)");
  const effort = values.quick ? quickEffort : fullEffort;
  const results = {
    quick: values.quick,
    ...(await runBench({ effort, threads, python, date: new Date(), onProgress })),
  };
  const toKeep = values.out === undefined && !values.quick;
  const file = toKeep ? "bench/results.json" : values.out;
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(results, rounded, 2)}\n`);
  if (toKeep) await drawFigures(results, "docs/figures");
  console.log(values.json ? JSON.stringify(results, rounded) : formatResults(results));
}

if (values.help) console.log(help);
else {
  try {
    await main();
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    // Ends at once: children may still wait for requests, and end when their input does.
    process.exit(1);
  }
}
