/** Settings that are the name of something naevus brings, or the thing itself as data. */
import { z } from "zod";
import { NaevusError } from "../../errors.ts";

/**
 * A name of `names`, or data that `check` gives back checked.
 *
 * @param check throws a NaevusError whose message says what is wrong
 */
export const nameOrData = <const N extends string, D extends object>(
  names: readonly N[],
  check: (data: object) => D,
): z.ZodType<N | D, N | D> =>
  z.unknown().transform((value, context): N | D => {
    if (typeof value === "object" && value !== null) {
      try {
        return check(value);
      } catch (error) {
        if (!(error instanceof NaevusError)) throw error;
        context.addIssue({ code: "custom", message: error.message });
        return z.NEVER;
      }
    }
    const name = names.find((known) => known === value);
    if (name !== undefined) return name;
    context.addIssue({ code: "invalid_value", values: [...names] });
    return z.NEVER;
  }) as z.ZodType<N | D, N | D>;

/** Whether two values of a setting are the same: data by what they hold. */
export const isSameSetting = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** A setting's value in a few words: data by their name, where they have one. */
export function settingInWords(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return "name" in value ? String(value.name) : "of your own";
}
