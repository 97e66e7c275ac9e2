/** The data of a training that was given none: NAEVUS_DATA, else data/isic9, else a drawn phantom set. */
import { join } from "node:path";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { cacheFolder } from "../../disk/cache-folder.ts";
import { folderExists } from "../../disk/files.ts";

/** Where the published set is looked for, from the folder in which the command runs. */
const usualFolder = "data/isic9";

/** The set that is drawn where there are no photographs: small enough to draw and train in minutes. */
const phantom = { images: 1200, size: 180, seed: 0 } as const;

/** Where training data are looked for. */
export interface DataSearch {
  readonly given: string | undefined;
  readonly cache: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** Told in a sentence which data are taken where none were given. */
  readonly note: (message: string) => void;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** The folder of the data to train on; draws the phantom set into the cache where it has to. */
export async function trainingData({
  given,
  cache,
  environment,
  note,
  onProgress,
  signal,
}: DataSearch): Promise<string> {
  if (given !== undefined) return given;
  if (environment.NAEVUS_DATA) {
    note(`data: ${environment.NAEVUS_DATA} (NAEVUS_DATA)`);
    return environment.NAEVUS_DATA;
  }
  if (await folderExists(usualFolder)) {
    note(`data: ${usualFolder}`);
    return usualFolder;
  }
  note(
    `phantom data: no --data, no NAEVUS_DATA and no ${usualFolder}, so naevus draws its own images; ` +
      "they show no real skin, and figures on them say nothing about photographs",
  );
  const { images, size, seed } = phantom;
  const kept = await cacheFolder(cache, (message) => note(`warning: ${message}`), environment);
  const folder = join(kept, `phantom-${images}-${size}-${seed}`);
  await writePhantomDataset(folder, { ...phantom, onProgress, signal });
  return folder;
}
