/** What `--network` takes: the name of an architecture, with options or without, a JSON file, a module where the command loads one, or the folder of a run. */
import { isAbsolute, join } from "node:path";
import { fileExists, folderExists } from "../../disk/files.ts";
import { NetworkError, SettingsError } from "../../errors.ts";
import { networkFromText, networkNames } from "../../network/architectures.ts";
import { readNetwork } from "../../network/json/read-network.ts";
import type { NetworkFunction, NetworkSource } from "../../network/network-source.ts";
import { readConfig } from "../../run/folder/run-config.ts";
import { nearestName } from "../../text/nearest-name.ts";

/** How a command takes a network. */
export interface NetworkOption {
  /** Makes the function of a module's file. Commands that do not design or train a single network have none: they load no module. */
  readonly loadModule?: ((file: string) => NetworkFunction) | undefined;
  /** Where paths begin; by default the folder in which the process runs. */
  readonly folder?: string | undefined;
  /** Stands before what is wrong; by default `--network`. */
  readonly label?: string | undefined;
}

/** How the file of a module ends. */
const moduleFile = /\.[cm]?[jt]s$/i;

/**
 * The network that a text stands for. The file of a module is not opened here.
 *
 * @throws SettingsError where it stands for none, NetworkError where a file cannot be read, RunError where a run is damaged
 */
export async function networkSource(
  text: string,
  { loadModule, folder = "", label = "--network" }: NetworkOption = {},
): Promise<NetworkSource> {
  const name = networkNames.find((known) => known === text);
  if (name !== undefined) return name;
  const made = withOptions(text, label);
  if (made !== undefined) return made;
  const path = isAbsolute(text) ? text : join(folder, text);
  if (await folderExists(path)) return (await readConfig(path)).settings.network;
  if (moduleFile.test(text)) {
    if (loadModule) return loadModule(path);
    throw new SettingsError(
      `${label}: this command loads no module; write the network as JSON by naevus network ${text} --write network.json, and give that file`,
    );
  }
  if (/\.json$/i.test(text) || (await fileExists(path))) return readNetwork(path);
  const files = `a JSON file, ${loadModule ? "a module (.js, .mjs or .ts), " : ""}or the folder of a run`;
  const near = nearestName(text.replace(/:.*/s, ""), networkNames);
  throw new SettingsError(
    `${label}: expected one of ${networkNames.join(", ")} (also with options, such as resnet50:width=32), ${files}, got ${JSON.stringify(text)}${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}

/** The function that `resnet50:width=32` stands for; undefined where what is before the colon is no architecture. */
function withOptions(text: string, label: string): NetworkFunction | undefined {
  try {
    return networkFromText(text);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new SettingsError(`${label}: ${error.message}`, { cause: error });
  }
}
