/** The networks whose speed is set beside PyTorch's; `bench/pytorch_peer.py` has the same ones. */
import type { NetworkName } from "../network/architectures.ts";

/** The networks that speeds are published for. */
export const benchmarkNetworks = ["notebook", "resnet18-w32"] as const satisfies readonly NetworkName[];
