/** What training begins with and resuming begins with again: the network's graph and the decoded images. */
import type { Dataset } from "../dataset/dataset.ts";
import { cacheFolder } from "../disk/cache-folder.ts";
import { withPixelLimit } from "../image/decoding/pixel-limit.ts";
import { type PackedImages, packImages } from "../image/store/packed-store.ts";
import { readSelection } from "../image/store/pixel-file.ts";
import type { Graph } from "../network/graph.ts";
import { imageGraph } from "../network/image-graph.ts";
import { architectureOptionsOf, networkOf } from "../training/settings/resolve.ts";
import type { Settings } from "../training/settings/schema.ts";
import { type RunContext, warnWith } from "./run-events.ts";

/** The network that the settings say, for so many classes. */
export function graphOf(settings: Settings, classes: number): Graph {
  return imageGraph(networkOf(settings, architectureOptionsOf(settings, classes)), classes);
}

/** The images at the network's size, decoded or from the cache; the caller closes them. */
export async function pack(
  dataset: Dataset,
  graph: Graph,
  settings: Settings,
  context: RunContext,
): Promise<PackedImages> {
  const { onEvent, signal } = context;
  const [, height, width] = graph.inputShape as readonly [number, number, number];
  const options = {
    size: [height, width] as const,
    geometry: settings.geometry,
    resampling: settings.resampling,
    cacheFolder: await cacheFolder(settings.cache, warnWith(context)),
    onProgress: (done: number, total: number) => onEvent?.({ kind: "packing", done, total }),
    onWarning: warnWith(context),
    ...(signal && { signal }),
  };
  const packed = await withPixelLimit(settings.maxPixels, () => packImages(dataset, options));
  if (packed.problems.length > 0) onEvent?.({ kind: "problems", problems: packed.problems });
  return packed;
}

/** How the engine is asked for. */
export const engineOptions = (threads: number | undefined) => (threads === undefined ? {} : { threads });

/** Some of the packed images as a training reads them, here or in another thread. `label` tells that of an index into the packed images. */
export function imagesAt(packed: PackedImages, indices: ArrayLike<number>, label: (index: number) => number) {
  const selection = packed.select(indices);
  const read = (rows: ArrayLike<number>, out: Uint8Array) => readSelection(selection, rows, out);
  return { selection, read, labels: Array.from(indices, label) };
}
