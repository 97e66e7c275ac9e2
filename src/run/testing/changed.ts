/** Changes run folders for tests: a configuration that is edited and sealed again, and runs as earlier versions left them. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sealed } from "../../disk/sealed-json.ts";
import { changeCheckpoint } from "../../training/testing/changed-checkpoint.ts";
import { runFiles } from "../folder/run-folder.ts";

interface StoredConfig {
  readonly format: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly resolved: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, unknown>>;
}

const withoutDigest = (text: string): StoredConfig => {
  const { digest: _, ...content } = JSON.parse(text);
  return content;
};

/** Changes `config.json` as somebody would who also works out its digest. */
export async function changeConfig(run: string, change: (config: StoredConfig) => StoredConfig): Promise<void> {
  const file = join(run, runFiles.config);
  await writeFile(file, JSON.stringify(sealed(change(withoutDigest(await readFile(file, "utf8"))))));
}

/** Makes of a run one of a version that kept no digests, nor what its images were. */
export async function makeOlderRun(run: string): Promise<void> {
  const [config, metrics] = [join(run, runFiles.config), join(run, runFiles.metrics)];
  const { format: _, data, settings, ...rest } = withoutDigest(await readFile(config, "utf8"));
  const { maxPixels: ____, ...olderSettings } = settings;
  const { images: __, ...olderData } = data;
  await writeFile(config, JSON.stringify({ format: 1, settings: olderSettings, data: olderData, ...rest }));
  const lines = (await readFile(metrics, "utf8")).split("\n").slice(0, -1);
  await writeFile(metrics, lines.map((line) => `${JSON.stringify(withoutDigest(line))}\n`).join(""));
  await rm(join(run, runFiles.images));
  await changeCheckpoint(join(run, runFiles.checkpoint), ({ tensors, metadata: { recipe: ___, ...metadata } }) => ({
    tensors,
    metadata: { ...metadata, format: "naevus checkpoint 1" },
  }));
}
