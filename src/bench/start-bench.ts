/** Time from `train` to its first step where the packed store is there. */
import { join } from "node:path";
import { median } from "../median.ts";
import type { SettingsInput } from "../training/settings/schema.ts";
import { writeCheapDataset } from "./cheap-dataset.ts";
import { startScript } from "./children.ts";

/** How the time to the first step of a training is measured. */
export interface StartBenchOptions {
  /** An empty folder. */
  readonly folder: string;
  readonly images: number;
  readonly settings: Pick<SettingsInput, "network" | "batch" | "threads" | "imageSize">;
  readonly runs: number;
  readonly onProgress: (message: string) => void;
}

/** Median in seconds, from starting the process on. */
export async function benchStart({ folder, images, settings, runs, onProgress }: StartBenchOptions): Promise<number> {
  onProgress("starting to train");
  const data = join(folder, "data");
  await writeCheapDataset(data, images);
  const seconds: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const input: SettingsInput = {
      ...settings,
      data,
      engine: "onednn",
      epochs: 1,
      cache: join(folder, "cache"),
      out: join(folder, `run-${run}`),
    };
    const begun = performance.now();
    const child = startScript("start-process", [JSON.stringify(input)]);
    try {
      await child.receive();
      // Run 0 fills the packed store.
      if (run > 0) seconds.push((performance.now() - begun) / 1000);
    } finally {
      await child.close();
    }
  }
  return median(seconds);
}
