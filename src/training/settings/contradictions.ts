/** Settings that are right one by one and contradict each other. */
import { externalProtocol } from "../../dataset/protocol-summary.ts";
import type { Optimizer } from "../../engine/optimizer.ts";
import { networks } from "../../network/architectures.ts";
import { networkName } from "../../network/network-source.ts";
import { hasBatchNorm } from "../../network/normalization-numbers.ts";
import { residualLayers } from "../../network/stochastic-depth.ts";
import { nameList } from "../../text/name-list.ts";
import { scheduleNumbers } from "../schedule.ts";
import type { Settings } from "./schema.ts";

/** Numbers that only some optimizers have. */
type OptimizerNumber = "momentum" | "beta1" | "beta2" | "epsilon" | "rho";

const ofAdam = ["beta1", "beta2", "epsilon"] as const;

const numbersOf: { readonly [K in Optimizer["kind"]]: readonly OptimizerNumber[] } = {
  adam: ofAdam,
  adamW: ofAdam,
  sgd: ["momentum"],
  rmsProp: ["rho", "momentum", "epsilon"],
  lion: ["beta1", "beta2"],
};

/** A number that is given and not among those of what was chosen, with what it is a number of; undefined where there is none. */
function strangeNumber<K extends string, N extends keyof Settings>(
  settings: Settings,
  chosen: K,
  numbersOf: Readonly<Record<K, readonly N[]>>,
): { readonly number: N; readonly owners: readonly string[] } | undefined {
  const entries = Object.entries<readonly N[]>(numbersOf);
  const number = entries
    .flatMap(([, numbers]) => numbers)
    .find((name) => settings[name] !== undefined && !numbersOf[chosen].includes(name));
  if (number === undefined) return undefined;
  return { number, owners: entries.flatMap(([owner, numbers]) => (numbers.includes(number) ? [owner] : [])) };
}

/** Each says in a sentence what is wrong, or nothing. */
const rules: readonly ((settings: Settings) => string | false)[] = [
  ({ protocol }) =>
    protocol === externalProtocol &&
    "protocol: external is for judging a model; train with official, clean or grouped:K",
  (settings) => {
    const { optimizer } = settings;
    const { number, owners } = strangeNumber(settings, optimizer, numbersOf) ?? {};
    return (
      owners !== undefined &&
      `${number}: only ${nameList(owners)} ${owners.length === 1 ? "has" : "have"} it, and the optimizer is ${optimizer}; leave it out`
    );
  },
  ({ nesterov, optimizer, momentum }) =>
    nesterov &&
    (optimizer !== "sgd" || momentum === 0) &&
    `nesterov: changes the momentum of sgd, and ${optimizer === "sgd" ? "the momentum is 0" : `the optimizer is ${optimizer}`}; leave it out`,
  ({ averaging, swa }) =>
    averaging > 0 &&
    swa > 0 &&
    "swa: not together with averaging, as one average of the weights becomes the model; leave one of the two out",
  ({ clipNorm, clipValue }) =>
    clipNorm !== undefined &&
    clipValue !== undefined &&
    "clipNorm: not together with clipValue, which bounds the same gradients; leave one of the two out",
  (settings) => {
    const { schedule } = settings;
    const { number, owners } = strangeNumber(settings, schedule, scheduleNumbers) ?? {};
    return (
      owners !== undefined &&
      `${number}: only the schedule ${owners.join(" or ")} has it, and the schedule is ${schedule}; leave it out`
    );
  },
  ({ schedule, validation }) =>
    schedule === "plateau" &&
    validation === 0 &&
    "schedule: plateau goes by the validation loss; give validation as well, such as 0.15",
  ({ patience, validation }) =>
    patience > 0 && validation === 0 && "patience: needs validation images; give validation as well, such as 0.15",
  ({ keep, patience }) =>
    keep === "last" &&
    patience > 0 &&
    "patience: waits for a better epoch, and keep is last, which takes no better epoch; leave patience out, or let keep be best",
  // Where the network is that of another model, it is not known here yet.
  ({ normalizationMomentum, normalizationEpsilon, network, from }) =>
    (normalizationMomentum !== undefined || normalizationEpsilon !== undefined) &&
    from === undefined &&
    !hasBatchNorm(typeof network === "string" ? networks[network]({ classes: 1 }) : network) &&
    `${normalizationMomentum === undefined ? "normalizationEpsilon" : "normalizationMomentum"}: is of batch normalisation, and the network ${networkName(network)} has none; leave it out, or take another network`,
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
export function contradictionOf(settings: Settings): string | undefined {
  const { recipe } = settings;
  const found = rules.map((rule) => rule(settings)).find((sentence) => sentence !== false);
  if (found === undefined || recipe === undefined) return found;
  return `${found} (with what the recipe ${recipe} says)`;
}
