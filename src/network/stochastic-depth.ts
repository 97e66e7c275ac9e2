/** Stochastic depth for a whole network: which residual layer is dropped how often. */
import { NetworkError } from "../errors.ts";
import { boundsFault } from "./bounds.ts";
import { branchesOf } from "./branches.ts";
import type { Layer, Network } from "./layer.ts";

const depthOf = (layers: readonly Layer[]): number =>
  layers.reduce((sum, layer) => {
    const inner = branchesOf(layer).reduce((count, [, branch]) => count + depthOf(branch), 0);
    return sum + inner + (layer.kind === "residual" ? 1 : 0);
  }, 0);

/** How many residual layers a network has. Throws NetworkError where it is beyond the bounds of any network. */
export function residualLayers({ name, layers }: Network): number {
  const fault = boundsFault(layers);
  if (fault !== undefined) throw new NetworkError(`network "${name}": ${fault}`);
  return depthOf(layers);
}

/**
 * The network with stochastic depth by the linear rule (Huang et al. 2016): the rate of the l-th of L residual layers, in the order
 * in which they end, is `rate` * l / L. A network without residual layers stays as it is.
 *
 * @param rate of the last one, in [0, 1)
 */
export function withStochasticDepth(network: Network, rate: number): Network {
  const count = residualLayers(network);
  let ended = 0;
  const visit = (layers: readonly Layer[]): readonly Layer[] =>
    layers.map((layer) => {
      if (layer.kind === "concatenate") return { ...layer, branches: layer.branches.map(visit) };
      if (layer.kind !== "residual" && layer.kind !== "gate") return layer;
      const body = visit(layer.body);
      if (layer.kind === "gate") return { ...layer, body };
      const shortcut = visit(layer.shortcut);
      ended++;
      return { ...layer, body, shortcut, stochasticDepth: (rate * ended) / count };
    });
  return { ...network, layers: visit(network.layers) };
}
