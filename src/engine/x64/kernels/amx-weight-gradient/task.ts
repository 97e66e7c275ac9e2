/** What a task of the kernel is told. */
import type { Address } from "../../assembler/operands.ts";
import type { KernelAssembler } from "../task-kernel.ts";

/** The arguments of one task: addresses, and a number of images. */
export interface WeightGradientTask {
  /** The task's first image in the source and in the gradient, there at its first output channel. */
  readonly source: bigint;
  readonly gradient: bigint;
  readonly images: number;
  /** Where the gradients of weights and bias go, at the first output channel: (height, width, input channels, output channels). */
  readonly weights: bigint;
  readonly bias: bigint | undefined;
  /** `scratchBytesOf` for every thread. */
  readonly scratch: bigint;
}

const ARGUMENTS = ["source", "gradient", "images", "weights", "bias", "scratch"] as const;
/** Where the task's argument of this name is. */
export const argument = (a: KernelAssembler, name: (typeof ARGUMENTS)[number]): Address =>
  a.argument(ARGUMENTS.indexOf(name));

/** The arguments of a task in the order in which the kernel reads them; 0 stands for no bias. */
export const weightGradientArguments = (task: WeightGradientTask) => ARGUMENTS.map((name) => task[name] ?? 0n);
