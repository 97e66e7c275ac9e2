/** `npm run bench`: measures, prints a table or JSON, writes bench/results.json and draws docs/figures/. */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { onednnEngine } from "../engine/onednn/onednn-engine.ts";
import { type NetworkName, networkNames } from "../network/architectures.ts";
import { fullEffort, quickEffort, runBench } from "./bench.ts";
import { trainingNetworks } from "./benchmark-networks.ts";
import { drawFigures } from "./figures.ts";
import { findPython } from "./pytorch-peer.ts";
import { formatResults, formatTraining } from "./results-table.ts";
import { benchTraining, type TrainingBenchOptions } from "./training-bench.ts";

const help = `Usage: npm run bench -- [options]

Training, inference, augmentation, the whole pipeline, memory, start, and how they scale; training and inference side by
side with PyTorch where python3 can import torch. Other work on the machine would show in the figures.

  --quick       fewer steps and no scaling, under a minute
  --networks N  measure the training of these networks alone, such as vgg11,resnet50, or all
  --minutes N   how long that may take together, beside compiling and first steps (default: 10)
  --isa NAME    limit both sides' instruction set, such as AVX512_CORE or AVX2
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
    networks: { type: "string" },
    minutes: { type: "string", default: "10" },
    isa: { type: "string" },
    out: { type: "string" },
    threads: { type: "string", default: String(availableParallelism()) },
    help: { type: "boolean", default: false },
  },
});

function namesIn(text: string): readonly NetworkName[] {
  if (text === "all") return trainingNetworks;
  return text.split(",").map((given) => {
    const name = networkNames.find((known) => known === given);
    if (name !== undefined) return name;
    throw new Error(`--networks: expected names of ${networkNames.join(", ")}, or all, got ${given}`);
  });
}

/** The training of some networks, and nothing else. */
async function trainingAlone(
  names: readonly NetworkName[],
  options: Pick<TrainingBenchOptions, "threads" | "python" | "onProgress">,
): Promise<void> {
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes: expected a number above 0, got ${values.minutes}`);
  const { description } = onednnEngine({ threads: options.threads });
  const { engine, rows } = await benchTraining({
    ...options,
    networks: names,
    // Without instructions for it, bf16 is imitated, and nobody would train in it.
    precisions: description.defaultPrecision === "bf16" ? description.precisions : ["f32"],
    batch: fullEffort.batch,
    warmUpSteps: 1,
    rounds: 5,
    stepsPerRound: 2,
    secondsPerNetwork: (minutes * 60) / names.length,
    memoryOf: [],
  });
  if (values.out !== undefined)
    writeFileSync(values.out, `${JSON.stringify({ engine, training: rows }, rounded, 2)}\n`);
  const title = `${engine.library}, ${engine.instructionSet}, ${engine.threads} threads`;
  console.log(
    values.json ? JSON.stringify({ engine, training: rows }, rounded) : `${title}\n\n${formatTraining(rows)}`,
  );
}

async function main(): Promise<void> {
  const threads = Number(values.threads);
  if (!Number.isInteger(threads) || threads < 1)
    throw new Error(`--threads: expected a whole number, got ${values.threads}`);
  const onProgress = (message: string) => console.error(`bench: ${message}`);
  const python = findPython();
  if (python === undefined)
    onProgress("python3 cannot import torch, so there is no peer (Debian: apt-get install python3-torch)");
  if (values.isa !== undefined) {
    // Before a library is loaded, and for the processes that are started.
    process.env.ONEDNN_MAX_CPU_ISA = values.isa;
    process.env.DNNL_MAX_CPU_ISA = values.isa;
  }
  if (values.networks !== undefined) {
    await trainingAlone(namesIn(values.networks), { threads, python, onProgress });
    return;
  }
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
