/** The arithmetic of a whole network, which the tests compare with counts by hand and with a profile. */
import { forwardFlops } from "../flops.ts";
import type { Graph } from "../graph.ts";

/** {@link forwardFlops} of all nodes. */
export const networkFlops = ({ nodes }: Graph): number => nodes.reduce((sum, node) => sum + forwardFlops(node), 0);
