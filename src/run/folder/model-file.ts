/** Writes `model.onnx` of a run: the network with its weights, and all that it says of itself. */
import { join } from "node:path";
import { writeFileAtomic } from "../../disk/files.ts";
import type { Graph } from "../../network/graph.ts";
import { networkName } from "../../network/network-source.ts";
import { onnxModel } from "../../onnx/onnx-model.ts";
import type { Tensors } from "../../tensor.ts";
import { version } from "../../version.ts";
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

/** Throws FileError where the folder cannot be written. */
export async function writeModel(
  run: string,
  { settings, data }: RunConfig,
  { graph, parameters, temperature, images }: ModelContent,
): Promise<void> {
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
    ...(settings.hashes && images && { learnedImages: learnedImagesOf(images, settings) }),
  });
  await writeFileAtomic(join(run, runFiles.model), [model]);
}
