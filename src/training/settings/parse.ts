/** Settings checked: each by itself, with its default, and all of them together. */
import { SettingsError } from "../../errors.ts";
import { nearestName } from "../../text/nearest-name.ts";
import { contradictionOf } from "./contradictions.ts";
import { descriptionOf } from "./descriptions.ts";
import { withRecipe } from "./recipes.ts";
import { type SettingName, type Settings, settingsSchema } from "./schema.ts";
import { settingNames } from "./settings-by-aspect.ts";

const suggestion = (given: unknown, names: readonly string[]): string => {
  const nearest = typeof given === "string" ? nearestName(given, names) : undefined;
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
};

const inSettings = (name: string): string => `settings: ${name}`;

/**
 * Checks every setting by itself and fills in defaults. Throws {@link SettingsError}, which names every wrong or unknown key.
 *
 * @param label makes a setting's name what the user wrote, with its place, such as `my.json: epochs`
 */
export function checkSettings(input: unknown, label: (name: string) => string = inSettings): Settings {
  const result = settingsSchema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => {
        const near = suggestion(key, settingNames);
        return `${label(key)}: unknown setting${near || `; expected one of ${settingNames.join(", ")}`}`;
      });
    }
    const setting = descriptionOf(String(issue.path[0]));
    if (!setting) return [`settings: expected an object, got ${JSON.stringify(input)}`];
    const value = (input as Readonly<Record<string, unknown>>)[setting.name];
    if (issue.code === "custom") return issue.message.split("\n").map((line) => `${label(setting.name)}: ${line}`);
    const got = typeof value === "number" ? String(value) : JSON.stringify(value);
    return `${label(setting.name)}: expected ${setting.expected}, got ${got}${suggestion(value, setting.choices ?? [])}`;
  });
  throw new SettingsError([...new Set(problems)].join("\n"));
}

/**
 * Checks every setting by itself, fills in what the recipe says and else the defaults, and refuses settings that contradict each other. Throws
 * {@link SettingsError}.
 */
export const parseSettings = (input: unknown): Settings => parseStoredSettings(withRecipe(input));

/** {@link parseSettings} for settings that a run keeps: what a recipe says may be something else by now. */
export function parseStoredSettings(input: unknown): Settings {
  const settings = checkSettings(input);
  const contradiction = contradictionOf(settings);
  if (contradiction !== undefined) throw new SettingsError(contradiction);
  return settings;
}

/** A setting's value from text, as the command line gives it; what is no number stays text, for the check to refuse. */
export function settingFromText(name: SettingName, text: string): string | number {
  if (descriptionOf(name)!.type === "string") return text;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
}
