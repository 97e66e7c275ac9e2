/** What every kernel is: machine code that a team of OpenMP threads runs over a list of tasks. */
import type { Code } from "../assembler/assembler.ts";
import {
  type Address,
  at,
  atIndex,
  type General,
  r12,
  r13,
  r14,
  r15,
  rax,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsp,
} from "../assembler/operands.ts";
import { StructuredAssembler } from "../assembler/structured-assembler.ts";

/** Where OpenMP's own functions are: the number of the calling thread, and how many there are. */
export interface ThreadTeam {
  readonly threadNumber: bigint;
  readonly threadCount: bigint;
}

/** What tells a kernel from others. */
export interface KernelIdentity {
  /** What the kernel does. */
  readonly kind: string;
  /** All that its code depends on: numbers, words, and lists and records of them. Kernels of one kind and shape have the same code. */
  readonly shape: object;
  /** Names it in profiles and in messages. */
  readonly name: string;
}

/** Code that can be assembled for a team of threads. */
export interface Kernel extends KernelIdentity {
  /** Machine code of a `void (*)(void *tasks)` that all threads of a parallel region call (System V calling convention). */
  assemble(team: ThreadTeam): Code;
}

const sorted = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([first], [second]) => (first < second ? -1 : 1)))
    : value;

/** The same for kernels of one kind and shape, in whichever order the shape's properties are, and for no others. */
export const kernelKey = ({ kind, shape }: Pick<Kernel, "kind" | "shape">): string =>
  JSON.stringify([kind, shape], sorted);

/** Floats in a register. */
export const FLOATS_AT_ONCE = 16;

/** How far ahead of where it is a pass over memory asks for what comes next: measured, half and twice as far are as good. */
export const BYTES_AHEAD = 4096;

/** The largest team that a list has room for. */
export const MOST_THREADS = 64;
const HEADER = 2 + MOST_THREADS;

/**
 * The list of tasks as kernels read it: how many, bytes of each, for each thread how many of its share were taken so far, then the tasks'
 * arguments. All have as many.
 */
export function taskList(tasks: readonly (readonly (bigint | number)[])[]): BigInt64Array {
  const length = tasks[0]?.length ?? 0;
  const taken = new Array<number>(MOST_THREADS).fill(0);
  return BigInt64Array.from([tasks.length, 8 * length, ...taken, ...tasks.flat()], BigInt);
}

/** The variables that every kernel has, after its own: the thread, whose share it does, how many tasks that has, and the first of them. */
const VARIABLES = ["thread", "share", "size", "first"] as const;
/** Bytes of them; calls need a stack aligned to 16 bytes. */
const VARIABLE_BYTES = 40;

/** Saved for the caller, as the System V calling convention asks for. */
const calleeSaved = { rbx, rbp, r12, r13, r14, r15 } as const;

/** Assembles a kernel. */
export class KernelAssembler extends StructuredAssembler {
  #task: General | undefined;

  /** The task's argument at a position. */
  argument(position: number): Address {
    if (this.#task === undefined) throw new Error("there is no task yet");
    return at(this.#task, 8 * position);
  }

  /** Holds the address of the task's arguments, 8 bytes each, from now on. */
  set task(register: General) {
    this.#task = register;
  }

  /** The number of the calling thread. */
  get threadNumber(): Address {
    return this.variable("thread");
  }
}

/** What a kernel does: one task; and what every thread does after its last one. */
export interface KernelBody {
  task(): void;
  after?(): void;
}

/**
 * A kernel whose body does one task. Every thread has a consecutive share of the list, by its number, as what it did in the kernel before is in
 * its cache; once it is done it takes tasks from the shares of others, so that one that is held up does not hold up all. A team of any
 * size does all.
 *
 * @param define gives the body; what it emits itself, every thread runs before its first task, and registers that it takes stay: any vectors, masks
 *   and tiles, but of the general ones not rax, rcx and rdx, which the walk over the list needs
 * @param stack variables of 8 bytes, and bytes that are free between two instructions
 */
export function taskKernel(
  identity: KernelIdentity,
  define: (assembler: KernelAssembler) => KernelBody,
  { variables = [], scratchBytes = 0 }: { readonly variables?: readonly string[]; readonly scratchBytes?: number } = {},
): Kernel {
  const ownBytes = scratchBytes + 8 * variables.length;
  return {
    ...identity,
    assemble(team) {
      const a = new KernelAssembler();
      const { registers } = a;
      registers.scope(() => {
        const saved = Object.values(registers.fixed(calleeSaved));
        a.given(...saved);
        for (const register of saved) a.push(register);
      });
      registers.scope(() => {
        const { list, threads, task } = registers.fixed({ list: r12, threads: r14, task: rbx });
        a.sub(rsp, VARIABLE_BYTES);
        registers.scope(() => {
          const { tasks, result } = registers.fixed({ tasks: rdi, result: rax });
          a.given(tasks);
          a.mov(list, tasks);
          a.mov(result, team.threadNumber);
          a.call(result);
          a.mov(threads, result);
          a.mov(result, team.threadCount);
          a.call(result);
          if (ownBytes > 0) a.sub(rsp, ownBytes);
          a.declareVariables([...variables, ...VARIABLES], scratchBytes);
          a.mov(a.variable("thread"), threads);
          a.mov(a.variable("share"), threads);
          a.mov(threads, result);
        });
        const body = define(a);
        a.task = task;
        doShares(a, { list, threads, task }, body);
        body.after?.();
        a.vzeroupper();
        a.add(rsp, VARIABLE_BYTES + ownBytes);
      });
      registers.scope(() => {
        for (const register of Object.values(registers.fixed(calleeSaved)).toReversed()) a.pop(register);
      });
      a.ret();
      return a.finish();
    },
  };
}

interface Team {
  readonly list: General;
  readonly threads: General;
  readonly task: General;
}

/** The thread's own share, then what is left of the others'. */
function doShares(a: KernelAssembler, { list, threads, task }: Team, body: KernelBody): void {
  const { registers } = a;
  const [count, taskBytes] = [at(list), at(list, 8)];
  const [share, size, first] = [a.variable("share"), a.variable("size"), a.variable("first")];
  const takenOf = (index: General) => atIndex(list, index, 8, 8 * 2);
  a.doWhile(() => {
    registers.scope(() => {
      const { begin, remainder } = registers.fixed({ begin: rax, remainder: rdx });
      // Share n begins at n * tasks / threads.
      const beginOf = (offset: number) => {
        a.mov(begin, share);
        a.add(begin, offset);
        a.imul(begin, count);
        a.mov(remainder, 0n);
        a.div(threads);
      };
      beginOf(0);
      a.mov(first, begin);
      beginOf(1);
      a.sub(begin, first);
      a.mov(size, begin);
    });
    a.loop((leaveIf) => {
      registers.scope(() => {
        const { current, taken } = registers.fixed({ current: rcx, taken: rax });
        a.mov(current, share);
        a.mov(taken, 1n);
        a.lockXadd(takenOf(current), taken);
        leaveIf([taken, "greaterOrEqual", size]);
        a.add(taken, first);
        a.imul(taken, taskBytes);
        a.lea(task, at(list, 8 * HEADER));
        a.add(task, taken);
      });
      registers.scope(() => body.task());
    });
    const { current, taken } = registers.fixed({ current: rcx, taken: rax });
    a.given(current, taken); // As the loop left them.
    // Each thread comes here once per share; the last one makes it ready for the next run.
    a.sub(taken, threads);
    a.add(taken, 1);
    a.when([taken, "equal", size], () => {
      a.mov(taken, 0n);
      a.mov(takenOf(current), taken);
    });
    a.add(current, 1);
    a.when([current, "greaterOrEqual", threads], () => a.mov(current, 0n));
    a.mov(share, current);
    return [current, "notEqual", a.threadNumber];
  });
}
