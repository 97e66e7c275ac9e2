/** A data set brought to the classes of the models that judge it, by the class maps that they were trained with. */
import { applyClassMap, classMapOf } from "../../dataset/class-map.ts";
import type { Dataset } from "../../dataset/dataset.ts";
import { FoldedNames } from "../../dataset/folded-names.ts";
import { RunError } from "../../errors.ts";
import type { Provenance } from "../folder/provenance.ts";

/**
 * The data set as the models know it. Classes that have a model's own names stay as they are; a class that no model knows becomes what a
 * model's class map made of it in training. So data whose folders have the old names need no map of their own.
 *
 * @throws RunError where the maps of several models say different things of a class
 */
export function inModelClasses<D extends Dataset>(
  dataset: D,
  classes: readonly string[],
  runs: readonly Pick<Provenance, "run" | "classMap">[],
): D {
  const own = new FoldedNames(classes.map((name) => [name, name]));
  const unknown = dataset.classes.filter((name) => own.nameOf(name) === undefined);
  const said = new Map<string, { readonly run: string; readonly becomes: string | null }>();
  for (const { run, classMap } of runs) {
    const names = new FoldedNames(classMap?.becomes ?? []);
    for (const name of unknown) {
      const becomes = names.get(name);
      const before = said.get(name);
      if (becomes === undefined) continue;
      if (before !== undefined && before.becomes !== becomes) {
        throw new RunError(
          `the class "${name}" is ${inWords(before.becomes)} to ${before.run} and ${inWords(becomes)} to ${run}, by the class ` +
            "maps that they were trained with; say with --class-map what it is to be",
        );
      }
      said.set(name, { run, becomes });
    }
  }
  if (said.size === 0) return dataset;
  const [{ run }] = runs as [Pick<Provenance, "run">];
  return applyClassMap(
    dataset,
    classMapOf(
      `${run}: its class map`,
      [...said].map(([name, { becomes }]) => [name, becomes]),
    ),
  );
}

/** Says that models mean different things by the same names, as the class maps that they were trained with differ; undefined where none do. */
export function differingMaps(runs: readonly Pick<Provenance, "run" | "classMap">[]): string | undefined {
  for (const [i, { run, classMap }] of runs.entries()) {
    for (const other of runs.slice(i + 1)) {
      const names = new FoldedNames(other.classMap?.becomes ?? []);
      for (const [name, becomes] of classMap?.becomes ?? []) {
        const there = names.get(name);
        if (there === undefined || there === becomes) continue;
        return (
          `the class "${name}" was ${inWords(becomes)} in the training of ${run} and ${inWords(there)} in that of ${other.run}, so that the ` +
          "models mean different things by the same names; both are judged by the classes of these data"
        );
      }
    }
  }
  return undefined;
}

const inWords = (becomes: string | null): string => (becomes === null ? "left out" : `"${becomes}"`);
