/** The numbers of batch normalisation for a whole network. */
import { NetworkError } from "../errors.ts";
import { boundsFault } from "./bounds.ts";
import type { BatchNorm, Layer, Network } from "./layer.ts";

/** What every batch normalisation of a network gets; what is undefined stays as each layer has it. */
export interface NormalizationNumbers {
  readonly momentum?: BatchNorm["momentum"] | undefined;
  readonly epsilon?: BatchNorm["epsilon"] | undefined;
}

/** Every layer changed where it is a batch normalisation, also in the branches of others. */
function changed(layers: readonly Layer[], change: (layer: BatchNorm) => BatchNorm): readonly Layer[] {
  return layers.map((layer) => {
    if (layer.kind === "batchNorm") return change(layer);
    const inside = (branch: readonly Layer[]) => changed(branch, change);
    if (layer.kind === "concatenate") return { ...layer, branches: layer.branches.map(inside) };
    if (layer.kind === "gate") return { ...layer, body: inside(layer.body) };
    if (layer.kind !== "residual") return layer;
    return { ...layer, body: inside(layer.body), shortcut: inside(layer.shortcut) };
  });
}

/** The network whose batch normalisations all have these numbers. Throws NetworkError where it is beyond the bounds of any network. */
export function withNormalization(network: Network, { momentum, epsilon }: NormalizationNumbers): Network {
  if (momentum === undefined && epsilon === undefined) return network;
  const { name, layers } = network;
  const fault = boundsFault(layers);
  if (fault !== undefined) throw new NetworkError(`network "${name}": ${fault}`);
  const change = (layer: BatchNorm): BatchNorm => ({
    ...layer,
    ...(momentum !== undefined && { momentum }),
    ...(epsilon !== undefined && { epsilon }),
  });
  return { ...network, layers: changed(layers, change) };
}

/** Whether a network has a batch normalisation anywhere. Throws as {@link withNormalization} does. */
export function hasBatchNorm({ name, layers }: Network): boolean {
  const fault = boundsFault(layers);
  if (fault !== undefined) throw new NetworkError(`network "${name}": ${fault}`);
  let found = false;
  changed(layers, (layer) => {
    found = true;
    return layer;
  });
  return found;
}
