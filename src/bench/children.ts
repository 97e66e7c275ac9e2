/** Starts the bench's own processes. */
import { fileURLToPath } from "node:url";
import { LineProcess } from "./line-process.ts";
import type { FiguresOf, MeasurementName, TaskOf } from "./measurements.ts";

type Script = "training-process" | "measurement-process" | "inference-process" | "start-process";

/** A child that runs one of the bench's scripts. */
export function startScript(script: Script, args: readonly string[]): LineProcess {
  const file = fileURLToPath(new URL(`./${script}.js`, import.meta.url));
  return new LineProcess(process.execPath, [file, ...args]);
}

/** Makes a measurement in a process of its own. */
export async function measureApart<N extends MeasurementName>(name: N, task: TaskOf<N>): Promise<FiguresOf<N>> {
  const child = startScript("measurement-process", [name, JSON.stringify(task)]);
  try {
    return await child.receive<FiguresOf<N>>();
  } finally {
    await child.close();
  }
}
