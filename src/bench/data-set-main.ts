/** `node dist/bench/data-set-main.js`: how the audit, the packed store and training scale with the number of images; each in a process of its own. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";

const help = `Usage: node dist/bench/data-set-main.js [options]

Draws phantom images of 64 x 64 pixels, and tells time and peak memory of their audit, of packing them, of reading
all of them in random batches, and of training on them for an epoch, by number of images.

  --images LIST  numbers of images, separated by commas (default: 2000,10000); the audit is meant for 100000 in 1 GB,
                 the packed store and training for 200000 in 2 GB
  --tasks LIST   of audit, pack, stream and train; what is not packed yet, stream and train pack first (default: all)
  --folder PATH  where to draw them (default: a folder for temporary files; 100000 images take 0.5 GB)
  --json         print one JSON line for each instead of a table
  --help         show this`;

interface Figures {
  readonly seconds: number;
  /** Of all threads together; other work on the machine changes it little. */
  readonly processorSeconds: number;
  readonly peakMemoryBytes: number;
}

const tasks = ["audit", "pack", "stream", "train"] as const;

const { values } = parseArgs({
  options: {
    images: { type: "string", default: "2000,10000" },
    tasks: { type: "string", default: tasks.join(",") },
    folder: { type: "string", default: tmpdir() },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

async function measure(task: string, data: string, cacheFolder: string): Promise<Figures> {
  const script = fileURLToPath(new URL("./data-set-process.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, task, data, cacheFolder]);
  return JSON.parse(stdout) as Figures;
}

async function bench(): Promise<void> {
  const counts = values.images.split(",").map(Number);
  if (!counts.every((count) => Number.isInteger(count) && count >= 18)) {
    throw new Error(`--images: expected whole numbers of at least 18, got ${values.images}`);
  }
  const asked = values.tasks.split(",");
  const unknown = asked.find((task) => !(tasks as readonly string[]).includes(task));
  if (unknown !== undefined) throw new Error(`--tasks: expected some of ${tasks.join(", ")}, got ${unknown}`);
  if (!values.json) console.log("images   task    seconds  ms/image  cpu ms/image  peak memory");
  for (const images of counts) {
    const folder = await mkdtemp(join(values.folder, "naevus-data-set-"));
    try {
      console.error(`bench: drawing ${images} images`);
      const data = join(folder, "data");
      await writePhantomDataset(data, { images, size: 64, seed: 1 });
      for (const task of tasks.filter((name) => asked.includes(name))) {
        const figures = await measure(task, data, join(folder, "cache"));
        const { seconds, processorSeconds, peakMemoryBytes } = figures;
        const cells = [
          String(images).padEnd(7),
          task.padEnd(6),
          seconds.toFixed(1).padStart(8),
          ((1000 * seconds) / images).toFixed(2).padStart(8),
          ((1000 * processorSeconds) / images).toFixed(2).padStart(12),
          `${Math.round(peakMemoryBytes / 1e6)} MB`.padStart(11),
        ];
        console.log(values.json ? JSON.stringify({ images, task, ...figures }) : cells.join("  "));
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

if (values.help) console.log(help);
else {
  try {
    await bench();
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
