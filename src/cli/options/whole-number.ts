/** Numbers given as flags. */
import { SettingsError } from "../../errors.ts";

/** The number that a flag was given; throws a SettingsError that names the flag where it is none within the bounds. */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new SettingsError(`${flag}: expected a whole number of at least ${least} and at most ${most}, got "${text}"`);
}
