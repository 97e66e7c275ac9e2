/** Writes `model.onnx` of a run: the network with its weights, and all that it says of itself. */
import { join } from "node:path";
import { writeFileAtomic } from "../../disk/files.ts";
import type { Graph } from "../../network/graph.ts";
import { networkName } from "../../network/network-source.ts";
import type { Ancestor } from "../../onnx/lineage.ts";
import { onnxModel } from "../../onnx/onnx-model.ts";
import type { Tensors } from "../../tensor.ts";
import { version } from "../../version.ts";
import { readLineage } from "./lineage-file.ts";
import type { RunConfig } from "./run-config.ts";
import { runFiles } from "./run-folder.ts";
import { learnedImagesOf, type RunImage } from "./run-images.ts";

/** What goes into the model file of a run. */
export interface ModelContent {
  readonly graph: Graph;
  readonly parameters: Tensors;
  /** What the logits are divided by; 1 for none. */
  readonly temperature: number;
  /** The run's images; undefined of a run that did not keep them. */
  readonly images: readonly RunImage[] | undefined;
}

/** Throws FileError where the folder cannot be written, RunError where its `lineage.json` is damaged. */
export async function writeModel(
  run: string,
  { settings, data, from }: RunConfig,
  { graph, parameters, temperature, images }: ModelContent,
): Promise<void> {
  const ancestors = await readLineage(run, from);
  const model = onnxModel(graph, parameters, {
    classes: data.classes,
    network: networkName(settings.network),
    dataFingerprint: data.fingerprint,
    version,
    origin: data.origin,
    geometry: settings.geometry,
    resampling: settings.resampling,
    temperature,
    protocol: data.protocol ?? { name: settings.protocol, groupedBy: [] },
    ...(data.classMap && { classMap: data.classMap }),
    ...(ancestors.length > 0 && { ancestors: settings.hashes ? ancestors : ancestors.map(withoutDigests) }),
    ...(settings.hashes && images && { learnedImages: learnedImagesOf(images, settings) }),
  });
  await writeFileAtomic(join(run, runFiles.model), [model]);
}

const withoutDigests = (ancestor: Ancestor): Ancestor => ({ ...ancestor, learned: undefined });
