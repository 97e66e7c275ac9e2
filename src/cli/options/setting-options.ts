/** The settings as options of a command, made from their schema, and settings collected from options and a file. */
import { dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import { readText } from "../../disk/files.ts";
import { readSentence } from "../../disk/system-errors.ts";
import { SettingsError } from "../../errors.ts";
import { withPixelLimit } from "../../image/decoding/pixel-limit.ts";
import { parseNetwork } from "../../network/json/parse-network.ts";
import { localSettings } from "../../run/folder/local-paths.ts";
import { isSameSetting, settingInWords } from "../../training/settings/data-setting.ts";
import { flagOf, type SettingDescription, settingDescriptions } from "../../training/settings/descriptions.ts";
import { checkSettings, settingFromText } from "../../training/settings/parse.ts";
import type { SettingName, Settings, SettingsInput } from "../../training/settings/schema.ts";
import { freeSettings } from "../../training/settings/settings-by-aspect.ts";
import { settingsBeforeNetwork, type TrainSettings } from "../../training/settings/train-settings.ts";
import { augmentationSource } from "./augmentation-option.ts";
import { type NetworkOption, networkSource } from "./network-option.ts";

/** What stands behind the flag: nothing where the flag says all. */
function placeholderOf({ type, expected, orFile }: SettingDescription): string {
  if (orFile) return " <name|file>";
  if (type === "string") return expected === "a path" ? " <path>" : " <name>";
  return { integer: " <n>", number: " <x>", boolean: "", size: " <size>" }[type];
}

function helpOf({ description, choices, defaultValue }: SettingDescription): string {
  const notes = [
    ...(choices ? [choices.join(", ")] : []),
    ...(defaultValue === undefined || typeof defaultValue === "boolean" ? [] : [`default ${defaultValue}`]),
  ];
  // The option of what is on by default switches it off.
  if (defaultValue === true) return `Leave out: ${description.charAt(0).toLowerCase()}${description.slice(1)}`;
  return notes.length > 0 ? `${description} (${notes.join("; ")})` : description;
}

/** Gives a command an option for each of the named settings. */
export function addSettingOptions(command: Command, names: readonly SettingName[] | "all" = "all"): Command {
  for (const setting of settingDescriptions) {
    if (names !== "all" && !names.includes(setting.name)) continue;
    command.addOption(new Option(`${setting.flag}${placeholderOf(setting)}`, helpOf(setting)));
  }
  return command;
}

/** The settings among a command's options, checked one by one; throws SettingsError, which names the flag. */
export function settingsFromFlags(options: Readonly<Record<string, unknown>>): SettingsInput {
  const given = settingDescriptions.flatMap(
    ({ name, defaultValue }): readonly (readonly [SettingName, string | number | boolean])[] => {
      const text = options[name];
      // Commander gives true where the flag that switches it off was not used.
      if (typeof text === "boolean") return text === defaultValue ? [] : [[name, text]];
      return typeof text === "string" ? [[name, settingFromText(name, text)]] : [];
    },
  );
  const settings = Object.fromEntries(given);
  checkSettings(settings, flagOf);
  return settings;
}

/** Does the work of a command with its `--max-pixels`, where that is given. */
export const withinPixelLimit = <T>({ maxPixels }: Readonly<Record<string, unknown>>, work: () => T): T =>
  withPixelLimit(settingsFromFlags({ maxPixels }).maxPixels, work);

/** {@link settingsFromFlags}, where the network may be a file or a run as well, and the augmentation a file. */
export async function trainSettingsFromFlags(
  options: Readonly<Record<string, unknown>>,
  how: NetworkOption = {},
): Promise<TrainSettings> {
  const { network, augmentation, ...others } = options;
  const policy = typeof augmentation === "string" ? await augmentationSource(augmentation) : undefined;
  const settings = settingsFromFlags(typeof policy === "string" ? { ...others, augmentation: policy } : others);
  return {
    ...settings,
    ...(typeof policy === "object" && { augmentation: policy }),
    ...(typeof network === "string" && { network: await networkSource(network, how) }),
  };
}

/** The settings of a JSON file, checked one by one; throws SettingsError, which names the file and the key. */
async function settingsFromFile(file: string, how: NetworkOption): Promise<TrainSettings> {
  let settings: unknown;
  try {
    // Some editors put a byte order mark in front.
    settings = JSON.parse((await readText(file)).replace(/^\uFEFF/, ""));
  } catch (error) {
    const expected = 'expected an object such as {"epochs": 30}';
    if (!(error instanceof SyntaxError)) throw new SettingsError(readSentence(file, error, expected), { cause: error });
    throw new SettingsError(`${file}: no valid JSON (${error.message}); ${expected}`, { cause: error });
  }
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) {
    throw new SettingsError(`${file}: expected an object such as {"epochs": 30}, got ${JSON.stringify(settings)}`);
  }
  const label = (name: string) => `${file}: ${name}`;
  const folder = dirname(file);
  const { network, ...given } = settings as Readonly<Record<string, unknown>>;
  const { augmentation } = given;
  const policy = typeof augmentation === "string" ? await augmentationSource(augmentation, folder) : augmentation;
  const others: Readonly<Record<string, unknown>> = { ...given, augmentation: policy };
  checkSettings(others, label);
  const place = { ...how, folder, label: label("network") };
  if (typeof network === "string") return { ...others, network: await networkSource(network, place) };
  if (typeof network === "object" && network !== null) {
    return { ...others, network: (options) => parseNetwork(network, { ...options, source: place.label }) };
  }
  // Of no kind that it could have: the check says so.
  if (network !== undefined) checkSettings({ network }, label);
  return others;
}

/** Settings from the file of `--config` and from flags, which have the last word. */
export async function collectSettings(
  options: Readonly<Record<string, unknown>>,
  how: NetworkOption = {},
): Promise<TrainSettings> {
  const { config } = options;
  const fromFlags = await trainSettingsFromFlags(options, how);
  const settings = { ...(typeof config === "string" ? await settingsFromFile(config, how) : {}), ...fromFlags };
  settingsBeforeNetwork(settings);
  return settings;
}

/** Settings with the paths that a run keeps made absolute, so that it finds them again from another folder. */
export function withAbsolutePaths<S extends TrainSettings>(settings: S): S {
  const paths = localSettings.flatMap((name) => {
    const path = settings[name];
    return path === undefined ? [] : [[name, resolve(path)] as const];
  });
  return { ...settings, ...Object.fromEntries(paths) };
}

/** Throws SettingsError where settings given to `--resume` differ from those of the run. */
export function refuseOtherSettings(
  given: SettingsInput,
  run: { readonly settings: Settings; readonly resolved: Readonly<Record<string, unknown>> },
): void {
  const free: readonly string[] = freeSettings;
  const parsed = checkSettings(given);
  const other = (Object.keys(given) as SettingName[]).filter(
    (name) =>
      !free.includes(name) && ![run.settings[name], run.resolved[name]].some((own) => isSameSetting(parsed[name], own)),
  );
  if (other.length === 0) return;
  const list = other.map(
    (name) =>
      `${flagOf(name)} ${settingInWords(given[name])} (the run has ${settingInWords(run.settings[name] ?? "its default")})`,
  );
  throw new SettingsError(`--resume goes on with the run's own settings; leave out ${list.join(" and ")}`);
}
