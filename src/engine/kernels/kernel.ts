/** What every kernel is: machine code that a team of OpenMP threads runs over a list of tasks. */
import { Assembler, at, type General, r12, r13, r14, r15, rax, rbp, rbx, rdi, rdx, rsp } from "./assembler.ts";

/** Where OpenMP's own functions are: the number of the calling thread, and how many there are. */
export interface ThreadTeam {
  readonly threadNumber: bigint;
  readonly threadCount: bigint;
}

export interface Kernel {
  /** Tells kernels apart, and names them in profiles: what it does and for which sizes. */
  readonly name: string;
  /** Machine code of a `void (*)(void *tasks)` that all threads of a parallel region call (System V calling convention). */
  assemble(team: ThreadTeam): Uint8Array;
}

/** Holds the address of the task's arguments, 8 bytes each, while a kernel's body runs. */
const task = rbx;

/** The task's argument at a position. */
export const argumentOf = (position: number) => at(task, 8 * position);

/** Where the number of the calling thread is, as long as rsp is as it was at the start of the body. */
export const callingThread = at(rsp);

const HEADER = 2;

/** The list of tasks as kernels read it: how many, bytes of each, then their arguments. All tasks have as many arguments. */
export function taskList(tasks: readonly (readonly (bigint | number)[])[]): BigInt64Array {
  const length = tasks[0]?.length ?? 0;
  return BigInt64Array.from([tasks.length, 8 * length, ...tasks.flat()], BigInt);
}

/**
 * A kernel whose `body` does one task. Every thread does a consecutive part of the list, by its number; a team of any size does all.
 * The body may change every register but rbx, r12, r14 and rsp.
 *
 * @param around code that every thread runs before its first task and after its last one
 */
export function taskKernel(
  name: string,
  body: (assembler: Assembler) => void,
  around: { readonly before?: (assembler: Assembler) => void; readonly after?: (assembler: Assembler) => void } = {},
): Kernel {
  return {
    name,
    assemble(team) {
      const a = new Assembler();
      const saved = [rbx, rbp, r12, r13, r14, r15];
      for (const register of saved) a.push(register);
      a.sub(rsp, 8); // For the thread's number; calls need a stack aligned to 16 bytes.
      a.mov(r12, rdi);
      a.mov(rax, team.threadNumber);
      a.call(rax);
      a.mov(r13, rax);
      a.mov(callingThread, r13);
      a.mov(rax, team.threadCount);
      a.call(rax);
      a.mov(rbp, rax);
      // [r13, r14) = [number * tasks / threads, (number + 1) * tasks / threads)
      const share = (number: General) => {
        a.imul(number, at(r12));
        a.mov(rax, number);
        a.mov(rdx, 0n);
        a.div(rbp);
        a.mov(number, rax);
      };
      a.lea(r14, at(r13, 1));
      share(r13);
      share(r14);
      // From here on the number of tasks and the address of the first.
      a.sub(r14, r13);
      a.imul(r13, at(r12, 8));
      a.lea(task, at(r12, 8 * HEADER));
      a.add(task, r13);
      around.before?.(a);
      a.repeat(r14, () => {
        body(a);
        a.add(task, at(r12, 8));
      });
      around.after?.(a);
      a.vzeroupper();
      a.add(rsp, 8);
      for (const register of saved.toReversed()) a.pop(register);
      a.ret();
      return a.finish();
    },
  };
}
