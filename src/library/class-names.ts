/** A class map that a program gives as an object, where the command line gives a table's path. */
import type { DataSettings } from "../run/data/open-data.ts";
import { expectArgument, isIterable } from "./arguments.ts";

/** Settings whose class map may be given as names too. */
export type WithClassNames<S> = Omit<S, "classMap"> & Pick<DataSettings, "classMap">;

/** The settings as they are checked and kept, without a class map of names, which the data set keeps; throws ArgumentError where that is none. */
export function withoutClassNames<S>(settings: WithClassNames<S>, of: string): S {
  const { classMap, ...others } = settings;
  if (typeof classMap !== "object" || classMap === null) return settings as S;
  const isName = (name: unknown): boolean => name === null || (typeof name === "string" && name !== "");
  expectArgument(!isIterable(classMap) && Object.values(classMap).every(isName), classMap, {
    of: `${of}: classMap`,
    expected: "the path of a table, or an object with what each class becomes, null where it is left out",
    example: '{ melanoma: "malignant", nevus: "benign", "seborrheic keratosis": null }',
  });
  return others as S;
}
