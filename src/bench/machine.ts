/** What a figure was measured on, without saying whose machine it is. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem, type } from "node:os";

/** The computer that figures were measured on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly architecture: string;
  readonly node: string;
}

const distribution = (): string => {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? type();
  } catch {
    return type();
  }
};

/** Describes this computer. */
export const describeMachine = (): Machine => ({
  processor: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  system: distribution(),
  architecture: process.arch,
  node: process.versions.node,
});
