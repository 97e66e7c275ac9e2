/** The settings as a table in Markdown, for the documentation. */
import { type SettingDescription, settingDescriptions } from "./descriptions.ts";

const columns: Readonly<Record<string, (setting: SettingDescription) => string>> = {
  setting: ({ name }) => `\`${name}\``,
  option: ({ flag }) => `\`${flag}\``,
  value: ({ expected }) => expected,
  default: ({ defaultValue }) => (defaultValue === undefined ? "" : `\`${defaultValue}\``),
  decides: ({ decides }) => decides.join(", "),
  meaning: ({ description }) => description,
};

/** Text in a cell: a vertical line would end it, and what looks like a tag would be one. */
const cell = (text: string): string => text.replace(/[\\|]/g, "\\$&").replaceAll("<", "&lt;");

/** One row for each setting: name, option, values, default, what it decides, and what it means. */
export function settingsTable(settings: readonly SettingDescription[] = settingDescriptions): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const names = Object.keys(columns);
  const rows = settings.map((setting) => row(Object.values(columns).map((of) => cell(of(setting)))));
  return [row(names), row(names.map(() => "---")), ...rows].join("\n");
}
