/** Training throughput of the benchmark networks, side by side with PyTorch: blocks of steps alternate, medians count. */
import type { EngineDescription, Precision } from "../engine/engine.ts";
import { median } from "../median.ts";
import { type NetworkName, networks } from "../network/architectures.ts";
import { buildGraph } from "../network/graph.ts";
import { countTrainable } from "../network/parameters.ts";
import { startScript } from "./children.ts";
import type { LineProcess } from "./line-process.ts";
import { labelOf, type PeerConfiguration, PyTorchPeer, peerConfigurations } from "./pytorch-peer.ts";
import type { Ready, StepTimes, TrainingTask } from "./training-process.ts";

/** Training speed of one network in one precision, beside the peer. */
export interface TrainingRow {
  readonly network: NetworkName;
  readonly precision: Precision;
  readonly batch: number;
  /** Batch over the median time of a step: forward, backward and Adam. */
  readonly imagesPerSecond: number;
  /** The whole training process, Node included. */
  readonly peakMemoryBytes: number;
  /** f32: the faster of PyTorch's two f32 configurations; bf16: the fastest of all four. Null where it was not measured. */
  readonly peer: string | null;
  readonly peerImagesPerSecond: number | null;
  /** imagesPerSecond / peerImagesPerSecond. */
  readonly ratio: number | null;
  /** Of a fresh process of that peer, after two steps. Null where it was not measured. */
  readonly peerPeakMemoryBytes: number | null;
}

/** Training speed of all networks. */
export interface TrainingBench {
  readonly engine: EngineDescription;
  readonly rows: readonly TrainingRow[];
  /** Images per second of each of PyTorch's configurations, by network and then `precision layout`. */
  readonly peerConfigurations: { readonly [network: string]: { readonly [configuration: string]: number } } | null;
}

/** How training speed is measured. */
export interface TrainingBenchOptions {
  readonly networks: readonly NetworkName[];
  /** Those that the engine has on this processor. */
  readonly precisions: readonly Precision[];
  readonly batch: number;
  readonly threads: number;
  /** Interpreter with PyTorch; without it only naevus is measured. */
  readonly python: string | undefined;
  readonly warmUpSteps: number;
  readonly rounds: number;
  readonly stepsPerRound: number;
  /** For networks whose peak is compared with the peer's. */
  readonly memoryOf: readonly NetworkName[];
  /** Another size of the images; not together with a peer, whose networks have their own. */
  readonly imageSize?: number;
  /** No further round of a network begins after this time; there is always one. Default: no limit. */
  readonly secondsPerNetwork?: number;
  readonly onProgress: (message: string) => void;
}

/** A child that trains. */
export async function startTraining(
  task: TrainingTask,
): Promise<{ readonly process: LineProcess; readonly engine: EngineDescription }> {
  const child = startScript("training-process", [JSON.stringify(task)]);
  const { engine } = await child.receive<Ready>();
  return { process: child, engine };
}

/** The rate of one of the peer's configurations. */
export interface PeerRate extends PeerConfiguration {
  readonly imagesPerSecond: number;
}

/** What a row is compared with: f32 with the faster f32 configuration, bf16 with the fastest of all. */
export const bestPeer = (precision: Precision, rates: readonly PeerRate[]): PeerRate | undefined =>
  rates
    .filter((rate) => precision === "bf16" || rate.precision === "f32")
    .toSorted((a, b) => b.imagesPerSecond - a.imagesPerSecond)[0];

/** One network: every configuration of both sides, alternating, each side's processes alive for the whole of it. */
async function measureNetwork(network: NetworkName, options: TrainingBenchOptions) {
  const { batch, threads, python, imageSize } = options;
  const ours = await Promise.all(
    options.precisions.map(async (precision) => ({
      precision,
      seconds: [] as number[],
      peakMemoryBytes: 0,
      ...(await startTraining({ network, precision, batch, threads, ...(imageSize !== undefined && { imageSize }) })),
    })),
  );
  const peer = python === undefined ? undefined : await PyTorchPeer.start(python, threads);
  const theirs = peerConfigurations(options.precisions).map((configuration) => ({
    ...configuration,
    seconds: [] as number[],
  }));
  const { secondsPerNetwork = Number.POSITIVE_INFINITY } = options;
  const began = performance.now();
  try {
    for (let round = 0; round <= options.rounds; round++) {
      if (round > 1 && performance.now() - began > secondsPerNetwork * 1000) break;
      // Round 0 warms up: first steps allocate, compile and fault pages in. Each block's first step does not count either: threads of the
      // side before may still be spinning.
      const steps = round === 0 ? options.warmUpSteps : options.stepsPerRound;
      options.onProgress(round === 0 ? `${network}: warming up` : `${network}: round ${round} of ${options.rounds}`);
      for (const side of ours) {
        const times = await side.process.ask<StepTimes>({ steps: steps + 1 });
        if (round > 0) side.seconds.push(...times.seconds.slice(1));
        side.peakMemoryBytes = times.peakMemoryBytes;
        for (const { seconds, ...configuration } of peer ? theirs : []) {
          if (configuration.precision !== side.precision) continue;
          const answer = await peer!.run({ task: "train", ...configuration, network, batch, runs: steps + 1 });
          refuseOtherNetwork(network, answer.parameters);
          if (round > 0) seconds.push(...answer.seconds.slice(1));
        }
      }
    }
  } finally {
    await Promise.all([...ours.map((side) => side.process.close()), peer?.close()]);
  }
  const rate = (seconds: readonly number[]) => batch / median(seconds);
  const peerRates = peer
    ? theirs.map(({ seconds, ...configuration }) => ({ ...configuration, imagesPerSecond: rate(seconds) }))
    : [];
  const rows: TrainingRow[] = [];
  for (const { precision, seconds, peakMemoryBytes } of ours) {
    const imagesPerSecond = rate(seconds);
    const best = bestPeer(precision, peerRates);
    const comparesMemory = best !== undefined && options.memoryOf.includes(network);
    if (comparesMemory) options.onProgress(`${network}: memory of PyTorch ${labelOf(best)}`);
    rows.push({
      network,
      precision,
      batch,
      imagesPerSecond,
      peakMemoryBytes,
      peer: best ? `PyTorch ${peer!.version} ${labelOf(best)}` : null,
      peerImagesPerSecond: best?.imagesPerSecond ?? null,
      ratio: best ? imagesPerSecond / best.imagesPerSecond : null,
      peerPeakMemoryBytes: comparesMemory ? await peerPeakMemory(network, best, options) : null,
    });
  }
  return { engine: ours[0]!.engine, rows, peerRates };
}

/** Speeds of different networks are not set side by side. */
function refuseOtherNetwork(network: NetworkName, parameters: number): void {
  const own = countTrainable(buildGraph(networks[network]({ classes: 9 })).parameters);
  if (parameters !== own) throw new Error(`${network}: PyTorch's has ${parameters} parameters, and naevus's ${own}`);
}

/** In a process that did nothing else. */
async function peerPeakMemory(
  network: NetworkName,
  { precision, layout }: PeerConfiguration,
  { python, threads, batch }: TrainingBenchOptions,
): Promise<number> {
  const peer = await PyTorchPeer.start(python!, threads);
  try {
    return (await peer.run({ task: "train", precision, layout, network, batch, runs: 2 })).peakMemoryBytes;
  } finally {
    await peer.close();
  }
}

/** Measures every network in every precision. */
export async function benchTraining(options: TrainingBenchOptions): Promise<TrainingBench> {
  const results = [];
  for (const network of options.networks) results.push(await measureNetwork(network, options));
  return {
    engine: results[0]!.engine,
    rows: results.flatMap(({ rows }) => rows),
    peerConfigurations:
      options.python === undefined
        ? null
        : Object.fromEntries(
            results.map(({ rows, peerRates }) => [
              rows[0]!.network,
              Object.fromEntries(peerRates.map((side) => [labelOf(side), side.imagesPerSecond])),
            ]),
          ),
  };
}
