/** `naevus doctor`: what trains here, with which library and processor, and what to install where something is missing. */
import { availableParallelism, cpus } from "node:os";
import type { Command } from "commander";
import { usualCacheFolder } from "../../disk/cache-folder.ts";
import { searchedLibraries } from "../../engine/onednn/library/native.ts";
import { firstLine } from "../../errors.ts";
import { nativeCalls } from "../../foreign/koffi.ts";
import { importSharp } from "../../image/sharp.ts";
import { describeRuntime } from "../../inference/describe-runtime.ts";
import { javascriptRuntime } from "../../javascript-runtime.ts";
import { version } from "../../version.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { describeEngine } from "./doctor-engine.ts";

/** Adds the command; its exit status is 1 where oneDNN is missing or trains no network. */
export function addDoctorCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  program
    .command("doctor")
    .description(
      "Show what this machine trains with (library, processor features, threads), test it, and say what to install",
    )
    .action(async () => finish(await examine(terminal)));
}

/** What calls oneDNN. */
function describeCalls(): string {
  try {
    return `koffi ${nativeCalls().version}`;
  } catch (error) {
    return firstLine(error);
  }
}

/** What reads and writes image files. */
const describeImages = (): Promise<string> =>
  importSharp().then(({ versions: { sharp, vips } }) => `sharp ${sharp}, libvips ${vips}`, firstLine);

/** Where the cache is, and why it is not where it usually is. */
async function describeCache(environment: NodeJS.ProcessEnv): Promise<string> {
  try {
    const { folder, warning } = await usualCacheFolder(environment);
    return warning ?? folder;
  } catch (error) {
    return (error as Error).message;
  }
}

async function examine({ out, environment }: Terminal): Promise<number> {
  const row = (name: string, value: string) => out(`${`${name}:`.padEnd(20)} ${value}`);
  row("naevus", `${version}, ${javascriptRuntime()}, ${process.platform} ${process.arch}`);
  row("processor", `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} cores for this process`);
  const calls = describeCalls();
  row("native calls", calls);
  row("image files", await describeImages());
  const searched = searchedLibraries(environment.NAEVUS_ONEDNN).join(", ") || "no known name on this system";
  row("searched for oneDNN", `${searched} (${environment.NAEVUS_ONEDNN ? "" : "nothing "}set in NAEVUS_ONEDNN)`);
  row("cache", await describeCache(environment));
  const { rows, works, cure } = await describeEngine();
  for (const [name, value] of rows) if (value !== calls) row(name, value);
  row("ONNX Runtime", await describeRuntime());
  if (cure.length > 0) out("");
  for (const line of cure) out(line);
  return works ? 0 : 1;
}
