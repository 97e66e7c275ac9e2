/** The graph of a network that tells the classes of images apart. */
import { NetworkError } from "../errors.ts";
import { plural } from "../text/numbers.ts";
import { buildGraph, type Graph } from "./graph.ts";
import type { Network } from "./layer.ts";

/**
 * The graph of a network for images of so many classes: 3 channels (RGB) or 1 (luminance), which its first layer normalizes, and a logit for each class.
 * Throws NetworkError where the network is another, or its layers do not fit each other.
 */
export function imageGraph(network: Network, classes: number): Graph {
  const { name, input, layers } = network;
  const refuse = (reason: string): NetworkError => new NetworkError(`network "${name}": ${reason}`);
  if (input.channels !== 3 && input.channels !== 1) {
    throw refuse(`input.channels: images have 3 channels (RGB) or 1 (luminance), got ${input.channels}`);
  }
  const first = layers[0]?.kind;
  if (first !== undefined && first !== "normalize") {
    throw refuse(`layers[0]: expected normalize, as images are bytes, got ${first}; put normalize before it`);
  }
  const graph = buildGraph(network);
  if (graph.classes === classes) return graph;
  throw refuse(
    `its last layer gives ${plural(graph.classes, "logit")}, and the data have ${plural(classes, "class", "classes")}; ` +
      'give it as many units as classes: in JSON "units": "classes", in a function dense(classes)',
  );
}
