/** Time to judge one image: model.onnx in ONNX Runtime, side by side with PyTorch's eager mode on the same network. */
import type { Precision } from "../engine/engine.ts";
import { median } from "../median.ts";
import type { NetworkName } from "../network/architectures.ts";
import { benchmarkNetworks } from "./benchmark-networks.ts";
import { startScript } from "./children.ts";
import type { InferenceTask } from "./inference-process.ts";
import { labelOf, PyTorchPeer, peerConfigurations } from "./pytorch-peer.ts";

/** Latency of one network, beside the peer. */
export interface InferenceRow {
  readonly network: NetworkName;
  /** Median of one image; from bytes in memory to probabilities in memory. */
  readonly milliseconds: number;
  /** The fastest of PyTorch's configurations that the processor has. Null where there is none. */
  readonly peer: string | null;
  /** Median of one image; from normalised floats in memory to probabilities. */
  readonly peerMilliseconds: number | null;
  /** milliseconds / peerMilliseconds. */
  readonly ratio: number | null;
}

/** How latency is measured. */
export interface InferenceBenchOptions {
  readonly threads: number;
  /** Those that the processor has: the peer is measured in them alone. */
  readonly precisions: readonly Precision[];
  /** Interpreter with PyTorch; without it only naevus is measured. */
  readonly python: string | undefined;
  readonly rounds: number;
  readonly runsPerRound: number;
  readonly onProgress: (message: string) => void;
}

async function measureNetwork(network: NetworkName, options: InferenceBenchOptions): Promise<InferenceRow> {
  const { threads, python, rounds, runsPerRound: runs } = options;
  options.onProgress(`${network}: judging single images`);
  const task: InferenceTask = { network, threads };
  const ours = startScript("inference-process", [JSON.stringify(task)]);
  await ours.receive();
  const peer = python === undefined ? undefined : await PyTorchPeer.start(python, threads);
  const seconds: number[] = [];
  const theirs = peerConfigurations(options.precisions).map((configuration) => ({
    configuration,
    seconds: [] as number[],
  }));
  try {
    for (let round = 0; round <= rounds; round++) {
      // Round 0 warms up.
      const answer = await ours.ask<{ seconds: number[] }>({ runs });
      if (round > 0) seconds.push(...answer.seconds);
      for (const side of peer ? theirs : []) {
        const times = await peer!.run({ task: "infer", ...side.configuration, network, batch: 1, runs });
        if (round > 0) side.seconds.push(...times.seconds);
      }
    }
  } finally {
    await Promise.all([ours.close(), peer?.close()]);
  }
  const milliseconds = median(seconds) * 1000;
  if (!peer) return { network, milliseconds, peer: null, peerMilliseconds: null, ratio: null };
  const best = theirs.toSorted((a, b) => median(a.seconds) - median(b.seconds))[0]!;
  const peerMilliseconds = median(best.seconds) * 1000;
  return {
    network,
    milliseconds,
    peer: `PyTorch ${peer.version} ${labelOf(best.configuration)}`,
    peerMilliseconds,
    ratio: milliseconds / peerMilliseconds,
  };
}

/** Every benchmark network. */
export async function benchInference(options: InferenceBenchOptions): Promise<readonly InferenceRow[]> {
  const rows: InferenceRow[] = [];
  for (const network of benchmarkNetworks) rows.push(await measureNetwork(network, options));
  return rows;
}
