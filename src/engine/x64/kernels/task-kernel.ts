/** What every kernel is: machine code that a team of OpenMP threads runs over a list of tasks. */
import {
  Assembler,
  at,
  atIndex,
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
} from "../assembler/assembler.ts";

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

/** On the stack, from {@link callingThread} on. */
const FRAME = { thread: 0, share: 8, size: 16, first: 24, bytes: 40 } as const;

/**
 * A kernel whose `body` does one task. Every thread has a consecutive share of the list, by its number, as what it did in the kernel before is in
 * its cache; once it is done it takes tasks from the shares of others, so that one that is held up does not hold up all. A team of any
 * size does all. The body may change every register but rbx, r12, r14 and rsp.
 *
 * @param around code that every thread runs before its first task and after its last one
 */
export function taskKernel(
  name: string,
  body: (assembler: Assembler) => void,
  around: {
    readonly before?: (assembler: Assembler) => void;
    readonly after?: (assembler: Assembler) => void;
    /** Bytes of variables, from rsp on; what is there otherwise comes after them. */
    readonly frame?: number;
  } = {},
): Kernel {
  return {
    name,
    assemble(team) {
      const a = new Assembler();
      const list = r12;
      const [count, taskBytes] = [at(list), at(list, 8)];
      const threads = r14;
      const { frame = 0 } = around;
      const variable = (which: "thread" | "share" | "size" | "first") => at(rsp, frame + FRAME[which]);
      const saved = [rbx, rbp, r12, r13, r14, r15];
      for (const register of saved) a.push(register);
      a.sub(rsp, FRAME.bytes); // Calls need a stack aligned to 16 bytes.
      a.mov(list, rdi);
      a.mov(rax, team.threadNumber);
      a.call(rax);
      a.mov(threads, rax);
      a.mov(rax, team.threadCount);
      a.call(rax);
      if (frame > 0) a.sub(rsp, frame);
      a.mov(variable("thread"), threads);
      a.mov(variable("share"), threads);
      a.mov(threads, rax);
      around.before?.(a);
      const [nextShare, nextTask, shareDone, notLast, sameRound] = Array.from({ length: 5 }, () => a.label());
      a.place(nextShare!);
      // Share n begins at n * tasks / threads.
      const beginOf = (offset: number) => {
        a.mov(rax, variable("share"));
        a.add(rax, offset);
        a.imul(rax, count);
        a.mov(rdx, 0n);
        a.div(threads);
      };
      beginOf(0);
      a.mov(variable("first"), rax);
      beginOf(1);
      a.sub(rax, variable("first"));
      a.mov(variable("size"), rax);
      a.place(nextTask!);
      a.mov(rcx, variable("share"));
      a.mov(rax, 1n);
      const taken = atIndex(list, rcx, 8, 8 * 2);
      a.lock();
      a.xadd(taken, rax);
      a.cmp(rax, variable("size"));
      a.jump("greaterOrEqual", shareDone!);
      a.add(rax, variable("first"));
      a.imul(rax, taskBytes);
      a.lea(task, at(list, 8 * HEADER));
      a.add(task, rax);
      body(a);
      a.jump("always", nextTask!);
      a.place(shareDone!);
      // Each thread comes here once per share; the last one makes it ready for the next run.
      a.sub(rax, threads);
      a.add(rax, 1);
      a.cmp(rax, variable("size"));
      a.jump("notEqual", notLast!);
      a.mov(rax, 0n);
      a.mov(taken, rax);
      a.place(notLast!);
      a.add(rcx, 1);
      a.cmp(rcx, threads);
      a.jump("less", sameRound!);
      a.mov(rcx, 0n);
      a.place(sameRound!);
      a.mov(variable("share"), rcx);
      a.cmp(rcx, variable("thread"));
      a.jump("notEqual", nextShare!);
      around.after?.(a);
      a.vzeroupper();
      a.add(rsp, FRAME.bytes + frame);
      for (const register of saved.toReversed()) a.pop(register);
      a.ret();
      return a.finish();
    },
  };
}
