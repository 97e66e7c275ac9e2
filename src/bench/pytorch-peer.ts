/** Finds a Python that has PyTorch, and asks it for training steps and inferences. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Precision } from "../engine/engine.ts";
import { LineProcess } from "./line-process.ts";

/** As it is before our engine sets OpenMP's variables for itself: the peer shall have its own defaults. */
const environment = { ...process.env };

/** Beside oneDNN, which reads its own limit of the instruction set, PyTorch computes by its own kernels and by OpenBLAS or MKL. */
const limitedAlike = ({ ONEDNN_MAX_CPU_ISA: limit }: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  if (limit === undefined) return {};
  const own = { ONEDNN_MAX_CPU_ISA: limit, DNNL_MAX_CPU_ISA: limit };
  if (limit.startsWith("AVX512")) return own;
  return { ...own, ATEN_CPU_CAPABILITY: "avx2", OPENBLAS_CORETYPE: "Haswell", MKL_ENABLE_INSTRUCTIONS: "AVX2" };
};

/** How PyTorch computes: precision and memory layout. */
export interface PeerConfiguration {
  readonly precision: Precision;
  readonly layout: "nchw" | "channels_last";
}

/** All that a PyTorch user could pick on a processor that has these precisions: without bf16, PyTorch's own may end in an error. */
export const peerConfigurations = (precisions: readonly Precision[]): readonly PeerConfiguration[] =>
  precisions.flatMap((precision) => (["nchw", "channels_last"] as const).map((layout) => ({ precision, layout })));

/** Such as `bf16 channels_last`. */
export const labelOf = ({ precision, layout }: PeerConfiguration): string => `${precision} ${layout}`;

// The system's interpreter first: Debian's python3-torch belongs to it, whatever else stands on the path.
const interpreters = ["/usr/bin/python3", "python3"];

/** The first interpreter that can import torch, or undefined. */
export const findPython = (): string | undefined =>
  interpreters.find((command) => spawnSync(command, ["-c", "import torch"], { stdio: "ignore" }).status === 0);

/** What PyTorch is asked to time. */
export interface PeerTask extends PeerConfiguration {
  readonly task: "train" | "infer";
  readonly network: string;
  readonly batch: number;
  readonly runs: number;
}

/** PyTorch's times, one for each run. */
export interface PeerTimes {
  readonly seconds: readonly number[];
  /** Of the peer's whole process so far. */
  readonly peakMemoryBytes: number;
  /** How many numbers of the network are trained. */
  readonly parameters: number;
}

/** PyTorch in a process of its own, which times what it is asked. */
export class PyTorchPeer {
  readonly version: string;
  readonly #process: LineProcess;

  private constructor(process: LineProcess, version: string) {
    this.#process = process;
    this.version = version;
  }

  static async start(python: string, threads: number): Promise<PyTorchPeer> {
    const script = fileURLToPath(new URL("../../bench/pytorch_peer.py", import.meta.url));
    const limits = limitedAlike(process.env);
    const child = new LineProcess(python, [script, String(threads)], { ...environment, ...limits });
    const { version } = await child.receive<{ version: string }>();
    return new PyTorchPeer(child, version);
  }

  run(task: PeerTask): Promise<PeerTimes> {
    return this.#process.ask<PeerTimes>(task);
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
