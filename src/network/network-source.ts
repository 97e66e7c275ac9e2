/** Where a network comes from: a name, the network itself, or a function that makes it. */
import type { ArchitectureOptions, NetworkName } from "./architectures.ts";
import type { Network } from "./layer.ts";

/** Makes a network for so many classes, and for images of a size where one is asked for. */
export type NetworkFunction = (options: ArchitectureOptions) => Network | Promise<Network>;

/** A network as whoever trains takes it: the name of an architecture, a network as data, or a function that makes one. */
export type NetworkSource = NetworkName | Network | NetworkFunction;

/** What a network is called. */
export const networkName = (network: NetworkName | Network): string =>
  typeof network === "string" ? network : network.name;
