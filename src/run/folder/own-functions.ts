/** What a run records of the functions that a program gave it, which no file can hold, and that they are given again. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { RunError } from "../../errors.ts";
import type { OwnFunctions } from "../../training/own-functions.ts";
import { metricName } from "../../training/own-metrics.ts";

/** SHA-256 of a function's source text. */
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** Which parts of a training were functions of its program, each with the digest of its source text. */
export const functionsSchema = z.strictObject({
  loss: digest.optional(),
  schedule: digest.optional(),
  /** By their names. */
  metrics: z.record(z.string().regex(metricName), digest).optional(),
  callback: digest.optional(),
});

/** The functions that a training is given. */
interface GivenFunctions extends OwnFunctions {
  readonly callback?: { readonly callback: (...values: never) => unknown } | undefined;
}

/** Which parts of a training were functions of its program. */
export type FunctionsRecord = z.output<typeof functionsSchema>;

/** Of what a training is given; undefined where nothing is a function. What a function takes from around it is not seen. */
export function functionsRecord({ loss, schedule, metrics, callback }: GivenFunctions): FunctionsRecord | undefined {
  const digestOf = (value: unknown) =>
    createHash("sha256").update(Function.prototype.toString.call(value)).digest("hex");
  const record = {
    ...(loss && { loss: digestOf(loss) }),
    ...(schedule && { schedule: digestOf(schedule) }),
    ...(metrics && {
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, digestOf(metric)])),
    }),
    ...(callback && { callback: digestOf(callback.callback) }),
  };
  return Object.keys(record).length > 0 ? record : undefined;
}

/** The names of the parts that are functions, such as `loss`; metrics by their own names. */
const partsOf = ({ metrics = {}, ...others }: FunctionsRecord): ReadonlyMap<string, string | undefined> =>
  new Map([
    ...Object.entries(others),
    ...Object.entries(metrics).map(([name, value]) => [`metrics.${name}`, value] as const),
  ]);

/** The functions that a run cannot go on without, by the names of the options that take them: all but a callback. */
export const neededFunctions = ({ callback, ...others }: FunctionsRecord = {}): readonly string[] =>
  Object.keys(others);

/**
 * Throws RunError where a run that goes on is not given all functions that its figures depend on, or is given others than it began
 * with; a callback may come and go. Warns of functions whose source text is another.
 */
export function expectFunctions(
  run: string,
  recorded: FunctionsRecord = {},
  context: GivenFunctions,
  warn: (message: string) => void,
): void {
  const [before, now] = [partsOf(recorded), partsOf(functionsRecord(context) ?? {})];
  const isNeeded = (name: string) => name !== "callback";
  const lacking = [...before.keys()].filter((name) => isNeeded(name) && !now.has(name));
  if (lacking.length > 0) {
    const options = [...new Set(lacking.map((name) => name.split(".")[0]!))].join(", ");
    throw new RunError(
      `${run}: it was begun by a program with functions of its own (${lacking.join(", ")}), which no file holds; give them again, ` +
        `from that program: resume(${JSON.stringify(run)}, { ${options} })`,
    );
  }
  const added = [...now.keys()].filter((name) => isNeeded(name) && !before.has(name));
  if (added.length > 0) {
    throw new RunError(
      `${run}: it was begun without functions for ${added.join(", ")}; leave them out, or start a new run with them`,
    );
  }
  const others = [...before].filter(([name, value]) => now.has(name) && now.get(name) !== value).map(([name]) => name);
  if (others.length > 0) {
    warn(
      `the run was begun with other functions (by their source text): ${others.join(", ")}; what it comes to may differ from ` +
        "an uninterrupted run",
    );
  }
  if (before.has("callback") && !now.has("callback")) {
    warn("the run was begun with a callback, which might have ended it, and goes on without one");
  }
}

/** The parts of a run that are functions of its program, in words, such as `loss: own function`. */
export function functionsInWords(recorded: FunctionsRecord = {}): readonly string[] {
  const { metrics = {}, ...others } = recorded;
  const names = Object.keys(metrics);
  return [
    ...Object.keys(others).map((name) => `${name}: own function`),
    ...(names.length > 0 ? [`metrics: own functions (${names.join(", ")})`] : []),
  ];
}
