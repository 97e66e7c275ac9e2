/** A class map: a small CSV file that renames and merges classes, such as all malignant ones into one. */

import { DatasetError } from "../errors.ts";
import { byCodePoint } from "../text/code-point-order.ts";
import { nameList } from "../text/name-list.ts";
import { plural } from "../text/numbers.ts";
import { readTable } from "./csv-table.ts";
import { type Dataset, type ImageRecord, inImageOrder } from "./dataset.ts";
import { FoldedNames, foldedName } from "./folded-names.ts";
import { isMissingName } from "./missing-values.ts";
import type { ClassMapSummary } from "./protocol-summary.ts";

const columns = ["class", "becomes"] as const;

/** Names of classes, and what each becomes: null where its images are left out. */
export type ClassNames = Readonly<Record<string, string | null>>;

/** What becomes of the classes of a data set. */
export interface ClassMap {
  /** The map's file, or what else names it in messages. */
  readonly file: string;
  /** By a class's name, what it becomes; undefined where its images are left out. */
  readonly names: ReadonlyMap<string, string | undefined>;
}

/**
 * Reads a class map: columns `class` and `becomes`, one line per class. Several classes may become one; a class with nothing in
 * `becomes` is left out; a class without a line keeps its name.
 *
 * @throws DatasetError where the file cannot be read, lacks a column, or says two things of one class
 */
export async function readClassMap(file: string): Promise<ClassMap> {
  const table = await readTable(file, { what: "class map" });
  const missing = columns.find((column) => !table.columns.includes(column));
  if (missing !== undefined) {
    throw new DatasetError(
      `${file}: no column ${missing}; expected the columns class and becomes, such as "melanoma,malignant"`,
    );
  }
  const names = new Map<string, string | undefined>();
  for (const { line, fields } of table.rows) {
    const name = fields.get("class")?.normalize("NFC");
    const given = fields.get("becomes")?.normalize("NFC");
    const becomes = given === undefined || isMissingName(given) ? undefined : given;
    if (name === undefined || isMissingName(name))
      throw new DatasetError(`${file}: line ${line}: no class; fill it in, or remove the line`);
    if (names.has(name) && names.get(name) !== becomes) {
      throw new DatasetError(`${file}: line ${line}: says another thing of the class "${name}" than a line before it`);
    }
    names.set(name, becomes);
  }
  if (names.size === 0) throw new DatasetError(`${file}: no line below the names of the columns; map a class at least`);
  return { file, names };
}

/** The class map that an object or a run's record stands for. */
export const classMapOf = (file: string, becomes: Iterable<readonly [string, string | null]>): ClassMap => ({
  file,
  names: new Map([...becomes].map(([name, other]) => [name.normalize("NFC"), other?.normalize("NFC")])),
});

/**
 * The data set with its classes renamed and merged, and what was done in its `classMap`. A line for a class that is not there is passed over, as one map may serve several
 * data sets, and becomes a problem.
 *
 * @throws DatasetError where the map names none of the classes, leaves none, or two that differ only by case
 */
export function applyClassMap<D extends Dataset>(dataset: D, { file, names }: ClassMap): D {
  const written = new FoldedNames([...names.keys()].map((name) => [name, name]));
  const lines = dataset.classes.map((name) => written.nameOf(name));
  const known = dataset.classes.filter((_, label) => lines[label] !== undefined);
  if (known.length === 0) {
    throw new DatasetError(
      `${file}: names none of the classes of ${dataset.root}, which are ${nameList(dataset.classes)}; ` +
        "write the names as the folders have them",
    );
  }
  const becomes = dataset.classes.map((name, label) => {
    const line = lines[label];
    return line === undefined ? name : names.get(line);
  });
  const classes = [...new Set(becomes.filter((name) => name !== undefined))].sort(byCodePoint);
  const foldedOf = classes.map(foldedName);
  const twin = foldedOf.findIndex((name, i) => foldedOf.indexOf(name) < i);
  if (twin > 0) {
    const other = classes[foldedOf.indexOf(foldedOf[twin]!)];
    throw new DatasetError(
      `${file}: gives the classes "${other}" and "${classes[twin]}", which differ only by case; write both alike, or rename one`,
    );
  }
  if (classes.length === 0) throw new DatasetError(`${file}: leaves out every class of ${dataset.root}`);
  const labels = becomes.map((name) => (name === undefined ? undefined : classes.indexOf(name)));
  const images = dataset.images.flatMap((image): ImageRecord[] => {
    const label = labels[image.label];
    return label === undefined ? [] : [{ ...image, label }];
  });
  const leftOut = dataset.images.length - images.length;
  const unused = [...names.keys()].filter((name) => !lines.includes(name));
  const notes = [
    ...(unused.length > 0 ? [`names classes that are not in the data (${nameList(unused)}); passed over`] : []),
    ...(leftOut > 0
      ? [
          `leaves out ${plural(leftOut, "image")} of ${nameList(dataset.classes.filter((_, label) => becomes[label] === undefined))}`,
        ]
      : []),
  ];
  return {
    ...dataset,
    classes,
    images: images.sort(inImageOrder),
    problems: [...dataset.problems, ...notes.map((message) => ({ path: file, message }))],
    classMap: after(dataset.classMap, { becomes: [...names].map(([name, other]) => [name, other ?? null]), leftOut }),
  };
}

/** Two maps one after the other as one. */
function after(first: ClassMapSummary | undefined, second: ClassMapSummary): ClassMapSummary {
  if (first === undefined) return second;
  const then = new Map(second.becomes);
  const follow = (name: string | null): string | null => {
    const next = name === null ? null : then.get(name);
    return next === undefined ? name : next;
  };
  const given = first.becomes.map(([name, other]) => [name, follow(other)] as const);
  const named = new Set(first.becomes.map(([name]) => name));
  return {
    becomes: [...given, ...second.becomes.filter(([name]) => !named.has(name))],
    leftOut: first.leftOut + second.leftOut,
  };
}
