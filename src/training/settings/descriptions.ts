/** Settings as people see them, in `--help` and the documentation: in words, from the schema. */
import { z } from "zod";
import { type Aspect, aspectsOf, type SettingName, settingsSchema } from "./schema.ts";

/** A setting in words. */
export interface SettingDescription {
  readonly name: SettingName;
  /** Its option on the command line, such as `--learning-rate`; `--no-hashes` for what is on by default. */
  readonly flag: string;
  readonly description: string;
  readonly decides: readonly Aspect[];
  /** `size`: a number or two, such as `96x128`. */
  readonly type: "string" | "number" | "integer" | "boolean" | "size";
  readonly choices?: readonly string[];
  /** Whether the thing itself may be given in place of one of the names, in a file on the command line. */
  readonly orFile: boolean;
  readonly defaultValue?: string | number | boolean;
  /** In words: `a whole number of at least 1`. */
  readonly expected: string;
}

interface PropertySchema {
  readonly description: string;
  /** None where several are taken. */
  readonly type?: "string" | "number" | "integer" | "boolean";
  readonly enum?: readonly string[];
  /** The names that stand for something, where the thing itself may be given too. */
  readonly choices?: readonly string[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  /** In words, where no bound says it. */
  readonly expected?: string;
}

function inWords(schema: PropertySchema): string {
  if (schema.expected) return schema.expected;
  if (schema.enum) return `one of ${schema.enum.join(", ")}`;
  if (schema.type === "string") return "a path";
  if (schema.type === "boolean") return "true or false";
  const limits = [
    schema.minimum === undefined ? [] : [`of at least ${schema.minimum}`],
    schema.exclusiveMinimum === undefined ? [] : [`above ${schema.exclusiveMinimum}`],
    schema.maximum === undefined ? [] : [`at most ${schema.maximum}`],
    schema.exclusiveMaximum === undefined ? [] : [`below ${schema.exclusiveMaximum}`],
  ].flat();
  return [schema.type === "integer" ? "a whole number" : "a number", limits.join(" and ")].join(" ").trim();
}

const properties = z.toJSONSchema(settingsSchema, { io: "input" }).properties as unknown as Readonly<
  Record<SettingName, PropertySchema>
>;

const defaults: Readonly<Partial<Record<SettingName, unknown>>> = settingsSchema.parse({});

/** The option of a setting: `--learning-rate` for `learningRate`. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** All settings, in the order of the schema. */
export const settingDescriptions: readonly SettingDescription[] = (
  Object.entries(properties) as [SettingName, PropertySchema][]
).map(([name, { enum: values, choices: names, ...schema }]) => ({
  name,
  flag: defaults[name] === true ? flagOf(name).replace("--", "--no-") : flagOf(name),
  description: schema.description,
  decides: aspectsOf[name],
  type: schema.type ?? "size",
  ...((names ?? values) && { choices: names ?? values }),
  orFile: names !== undefined,
  ...(defaults[name] !== undefined && { defaultValue: defaults[name] as string | number | boolean }),
  expected: inWords({ ...schema, ...(values && { enum: values }) }),
}));

const byName = new Map<string, SettingDescription>(settingDescriptions.map((entry) => [entry.name, entry]));

/** A setting in words; undefined for an unknown name. */
export const descriptionOf = (name: string): SettingDescription | undefined => byName.get(name);
