/** The instructions of a program, what they read and write, and how profiles name them. */
import type { Kernel } from "../../x64/kernels/task-kernel.ts";
import { argument } from "../library/constants.ts";
import type { PrimitiveDescriptor } from "../library/descriptors.ts";
import type { Runtime } from "../library/runtime.ts";
import type { Locate, Value } from "./value.ts";

/** What an instruction reads and writes, for the arena's layout and for profiles. */
export interface Access {
  readonly reads: readonly Value[];
  readonly writes: readonly Value[];
}

interface PrimitiveInstruction {
  readonly kind: "primitive";
  readonly label: string;
  readonly descriptor: PrimitiveDescriptor;
  readonly args: readonly (readonly [index: number, value: Value])[];
}

/** Gives the arguments of every task of a kernel. */
export type TaskMaker = (locate: Locate) => readonly (readonly (bigint | number)[])[];

interface KernelInstruction extends Access {
  readonly kind: "kernel";
  readonly label: string;
  readonly kernel: Kernel;
  readonly tasks: TaskMaker;
}

interface Calculation extends Access {
  readonly kind: "calculation";
  readonly label: string;
  readonly prepare: () => () => void;
}

/** A step of a program: a primitive of oneDNN, a kernel of ours, or a calculation in JavaScript. */
export type Instruction = PrimitiveInstruction | KernelInstruction | Calculation;

/** Which instructions to run: those added between two marks. */
export interface Section {
  readonly from: number;
  readonly to: number;
}

/** What one instruction is, for profiles. */
export interface InstructionInfo {
  readonly label: string;
  readonly implementation: string;
  /** Of every tensor that is read and every one that is written. */
  readonly bytes: number;
}

const writtenArguments: ReadonlySet<number> = new Set([
  argument.destination,
  argument.diffSource,
  argument.diffWeights,
  argument.diffBias,
  argument.diffScale,
  argument.diffShift,
]);

/** The values that an instruction reads and those that it writes. */
export function accessOf(instruction: Instruction): Access {
  if (instruction.kind !== "primitive") return instruction;
  const tensors = (written: boolean) =>
    instruction.args.filter(([index]) => writtenArguments.has(index) === written).map(([, value]) => value);
  return { reads: tensors(false), writes: tensors(true) };
}

const implementations: {
  readonly [K in Instruction["kind"]]: (instruction: Extract<Instruction, { kind: K }>, runtime: Runtime) => string;
} = {
  primitive: ({ descriptor }, runtime) => runtime.implementation(descriptor),
  kernel: ({ kernel }) => `kernel: ${kernel.name}`,
  calculation: () => "JavaScript",
};

/** Describes an instruction for profiles. */
export function instructionInfo(runtime: Runtime, instruction: Instruction): InstructionInfo {
  const bytesOf = (values: readonly Value[]) =>
    [...new Set(values)].reduce((sum, value) => sum + runtime.byteLength(value.descriptor), 0);
  const { reads, writes } = accessOf(instruction);
  const implementation = implementations[instruction.kind] as (of: Instruction, runtime: Runtime) => string;
  return {
    label: instruction.label,
    implementation: implementation(instruction, runtime),
    // A tensor that is changed in place is read and written; one that is both operands is read once.
    bytes: bytesOf(reads) + bytesOf(writes),
  };
}
