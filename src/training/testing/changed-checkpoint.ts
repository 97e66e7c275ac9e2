/** Changes a checkpoint as somebody would who also works out its checksum. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { readSafetensors, type SafetensorsContent, safetensorsChunks } from "../../formats/safetensors.ts";

export async function changeCheckpoint(
  file: string,
  change: (content: SafetensorsContent) => SafetensorsContent,
): Promise<void> {
  const { tensors, metadata } = change(readSafetensors(await readFile(file)));
  const noChecksum = "0".repeat(64);
  const bytes = Buffer.concat(safetensorsChunks({ tensors, metadata: { ...metadata, sha256: noChecksum } }));
  bytes.write(createHash("sha256").update(bytes).digest("hex"), bytes.indexOf(noChecksum), "latin1");
  await writeFile(file, bytes);
}
