/** What architectures take as options: each is described once, and so checked in programs, read from text and listed. */
import { NetworkError } from "../../errors.ts";
import { nameList } from "../../text/name-list.ts";
import { valueInWords } from "../../text/value-in-words.ts";
import { knownOptions } from "../builder-options.ts";
import type { HeightWidth, Network } from "../layer.ts";
import { unknownField } from "../other-names.ts";

/** What an architecture is made for. */
export interface ArchitectureOptions {
  readonly classes: number;
  /** Height and width of the input in pixels, one number for a square; by default the architecture's own. */
  readonly imageSize?: number | HeightWidth;
}

/** The input of a network for images of that size: one number for a square, or height and width; 3 channels for RGB, or 1. */
export function imageInput(imageSize: number | HeightWidth, channels = 3): Network["input"] {
  const [height, width] = typeof imageSize === "number" ? [imageSize, imageSize] : imageSize;
  return { channels, height, width };
}

/** What an option may be. */
type OptionForm =
  | { readonly form: "whole" }
  | { readonly form: "factor" }
  | { readonly form: "rate" }
  | { readonly form: "choice"; readonly choices: readonly (string | number)[] }
  /** The number of blocks in each of so many stages. */
  | { readonly form: "stages"; readonly length: number; readonly most?: readonly number[] };

/** What an option's value can be, as data. */
export type OptionValue = string | number | readonly number[];

/** An option of an architecture: what it decides, in a few words, its form, and its default where that is always the same. */
export type ArchitectureOption = OptionForm & { readonly decides: string; readonly usual?: OptionValue };

/** The options of an architecture beside the number of classes and the image size, in the order in which they are listed. */
export type OptionTable<O extends ArchitectureOptions = ArchitectureOptions> = {
  readonly [K in Exclude<keyof O, keyof ArchitectureOptions> & string]-?: ArchitectureOption;
};

/** The most filters, units or blocks: beyond it a mistyped number is likelier than a network. */
const most = 4096;

const isWhole = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most;

/** What a value has to be, for errors and lists. */
export function expectedOf(option: ArchitectureOption): string {
  if (option.form === "whole") return `a whole number from 1 to ${most}`;
  if (option.form === "factor") return "a number above 0 and at most 16";
  if (option.form === "rate") return "a rate of at least 0 and below 1";
  return option.form === "choice"
    ? `one of ${option.choices.join(", ")}`
    : `${option.length} whole numbers of blocks from 1 to ${option.most?.join(", ") ?? most}`;
}

function isFitting(option: ArchitectureOption, value: unknown): boolean {
  if (option.form === "whole") return isWhole(value);
  if (option.form === "factor") return typeof value === "number" && value > 0 && value <= 16;
  if (option.form === "rate") return typeof value === "number" && value >= 0 && value < 1;
  if (option.form === "choice") return (option.choices as readonly unknown[]).includes(value);
  return (
    Array.isArray(value) &&
    value.length === option.length &&
    value.every((count, i) => isWhole(count) && count <= (option.most?.[i] ?? most))
  );
}

const refuse = (builder: string, name: string, expected: string, value: unknown): never => {
  const got = Array.isArray(value) ? JSON.stringify(value) : valueInWords(value);
  throw new NetworkError(`${builder}: ${name}: expected ${expected}, got ${got}`);
};

/**
 * The options themselves, where each is known to the architecture and has a value that it may have.
 *
 * @throws NetworkError that names the architecture's function, the option and what it may be
 */
export function checkOptions<O extends ArchitectureOptions>(builder: string, options: O, table: OptionTable<O>): O {
  const forms: OptionTable = table;
  knownOptions(builder, options, ["classes", "imageSize", ...Object.keys(forms)]);
  const { classes } = options;
  if (!(Number.isInteger(classes) && classes >= 1)) {
    refuse(builder, "classes", "a whole number of at least 1", classes);
  }
  for (const [name, option] of Object.entries<ArchitectureOption>(forms)) {
    const value: unknown = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined && !isFitting(option, value)) refuse(builder, name, expectedOf(option), value);
  }
  return options;
}

/** A value as it is written behind a name: the blocks of stages with a hyphen between them. */
export const textOfOption = (value: OptionValue): string =>
  typeof value === "object" ? value.join("-") : String(value);

/** `resnet50:width=32`: a name, and the options in which a network differs from what has that name alone. It can be read by {@link optionsFromText}. */
export function nameWithOptions<O extends ArchitectureOptions>(
  name: string,
  options: O,
  table: OptionTable<O>,
): string {
  const given = Object.entries<ArchitectureOption>(table).flatMap(([key, { usual }]) => {
    const value = (options as Readonly<Record<string, unknown>>)[key] as OptionValue | undefined;
    return value === undefined || (usual !== undefined && textOfOption(value) === textOfOption(usual))
      ? []
      : [`${key}=${textOfOption(value)}`];
  });
  return given.length === 0 ? name : `${name}:${given.join(",")}`;
}

function valueFromText(option: ArchitectureOption, text: string): OptionValue {
  const number = (part: string): number => (/^[\d.]+$/.test(part) ? Number(part) : Number.NaN);
  if (option.form === "choice") return option.choices.find((choice) => String(choice) === text) ?? text;
  return option.form === "stages" ? text.split("-").map(number) : number(text);
}

/**
 * Options from `width=32,stem=3x3`.
 *
 * @throws NetworkError that names the network, the option and what it may be
 */
export function optionsFromText(name: string, text: string, table: OptionTable): Readonly<Record<string, OptionValue>> {
  const options: Record<string, OptionValue> = {};
  const entries = Object.entries<ArchitectureOption>(table);
  if (entries.length === 0) throw new NetworkError(`${name}: it takes no options, got ${JSON.stringify(text)}`);
  const names = entries.map(([key]) => key);
  const takes = `it takes ${nameList(names)}`;
  for (const part of text.split(",")) {
    const [, key, value] = /^([^=]+)=(.+)$/s.exec(part) ?? [];
    if (key === undefined || value === undefined) {
      const form = `${name}:option=value,option=value`;
      throw new NetworkError(`${name}: expected ${form}, got ${JSON.stringify(part)}; ${takes}`);
    }
    const option = entries.find(([known]) => known === key)?.[1];
    if (option === undefined) throw new NetworkError(`${name}: ${unknownField("option", key, names, takes)}`);
    if (Object.hasOwn(options, key)) throw new NetworkError(`${name}: ${key} is given twice`);
    const parsed = valueFromText(option, value);
    if (!isFitting(option, parsed)) refuse(name, key, writtenAs(option), value);
    options[key] = parsed;
  }
  return options;
}

const writtenAs = (option: ArchitectureOption): string =>
  option.form === "stages"
    ? `${expectedOf(option)} with hyphens between them, such as ${textOfOption(option.usual ?? Array<number>(option.length).fill(2))}`
    : expectedOf(option);
