/** Settings as whoever trains takes them: the network may be a function, which is called once the classes are known. */
import { SettingsError } from "../../errors.ts";
import type { ArchitectureOptions } from "../../network/architectures.ts";
import type { NetworkSource } from "../../network/network-source.ts";
import { contradictionOf } from "./contradictions.ts";
import { checkSettings, parseSettings } from "./parse.ts";
import { withRecipe } from "./recipes.ts";
import { architectureOptionsOf } from "./resolve.ts";
import type { Settings, SettingsInput } from "./schema.ts";

/** Settings of a training: as {@link SettingsInput}, and the network may also be a function that makes it. */
export interface TrainSettings extends Omit<SettingsInput, "network"> {
  /** The name of an architecture, a network, or a function that makes one for so many classes; default `notebook`. */
  readonly network?: NetworkSource | undefined;
}

/** Checks all that can be checked before the classes are known, and fills in defaults. Throws SettingsError. */
export function settingsBeforeNetwork(input: TrainSettings): Omit<Settings, "network"> {
  if (input.epochs !== undefined && input.seconds !== undefined) {
    throw new SettingsError("seconds: chooses the epochs, and epochs are given; leave one of the two out");
  }
  return withoutNetwork(input);
}

function withoutNetwork(input: TrainSettings): Omit<Settings, "network"> {
  const { network, ...others } = input;
  if (typeof network !== "function") return parseSettings(input);
  const settings = checkSettings(withRecipe(others));
  // Whether the network has residual layers or normalisation is not known yet.
  const contradiction = contradictionOf({
    ...settings,
    stochasticDepth: 0,
    normalizationMomentum: undefined,
    normalizationEpsilon: undefined,
  });
  if (contradiction !== undefined) throw new SettingsError(contradiction);
  return settings;
}

/** The settings with what a network function gives in its place. Throws what the function throws. */
export async function withNetwork(input: TrainSettings, options: ArchitectureOptions): Promise<SettingsInput> {
  const { network, ...others } = input;
  return typeof network === "function" ? { ...others, network: await network(options) } : (input as SettingsInput);
}

/** Calls a network function, and checks the settings with what it gives. Throws SettingsError, and what the function throws. */
export async function settingsForClasses(input: TrainSettings, classes: number): Promise<Settings> {
  return parseSettings(await withNetwork(input, architectureOptionsOf(withoutNetwork(input), classes)));
}
