/** Settings that are right one by one and contradict each other. */
import { externalProtocol } from "../../dataset/protocol-summary.ts";
import type { Optimizer } from "../../engine/optimizer.ts";
import { networks } from "../../network/architectures.ts";
import { networkName } from "../../network/network-source.ts";
import { residualLayers } from "../../network/stochastic-depth.ts";
import type { Settings } from "./schema.ts";

/** Optimizers whose momentum can be set. */
const takesMomentum: { readonly [K in Optimizer["kind"]]: boolean } = { adam: false, adamW: false, sgd: true };

/** Each says in a sentence what is wrong, or nothing. */
const rules: readonly ((settings: Settings) => string | false)[] = [
  ({ protocol }) =>
    protocol === externalProtocol &&
    "protocol: external is for judging a model; train with official, clean or grouped:K",
  ({ momentum, optimizer }) =>
    momentum !== undefined &&
    !takesMomentum[optimizer] &&
    `momentum: only sgd has it, and the optimizer is ${optimizer}; leave it out`,
  ({ patience, validation }) =>
    patience > 0 && validation === 0 && "patience: needs validation images; give validation as well, such as 0.15",
  // Where the network is that of another model, it is not known here yet.
  ({ stochasticDepth, network, from }) =>
    stochasticDepth > 0 &&
    from === undefined &&
    residualLayers(typeof network === "string" ? networks[network]({ classes: 1 }) : network) === 0 &&
    `stochasticDepth: drops residual blocks, and the network ${networkName(network)} has none; leave it out, or take another network`,
  ({ protocol, fold }) => {
    const folds = foldsOf(protocol);
    return (
      folds > 0 &&
      !(fold !== undefined && fold < folds) &&
      `fold: expected a whole number from 0 to ${folds - 1} with the protocol ${protocol}, got ${fold ?? "none"}`
    );
  },
  ({ protocol, fold }) =>
    foldsOf(protocol) === 0 &&
    fold !== undefined &&
    `fold: only grouped:K has folds, and the protocol is ${protocol}; leave it out`,
];

const foldsOf = (protocol: string): number => Number(/^grouped:(\d+)$/.exec(protocol)?.[1] ?? 0);

/** The first contradiction, in a sentence; undefined where there is none. */
export const contradictionOf = (settings: Settings): string | undefined =>
  rules.map((rule) => rule(settings)).find((sentence) => sentence !== false);
