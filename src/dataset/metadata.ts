/** Metadata of images from CSV: lesion, patient, age, sex, site and diagnosis by image, in the columns of ISIC and HAM10000. */

import { DatasetError } from "../errors.ts";
import { nameList } from "../text/name-list.ts";
import { readTable, type Table, type TableRow } from "./csv-table.ts";
import type { ImageRecord, Problem } from "./dataset.ts";
import { isicId } from "./image-id.ts";
import { type FoundNames, ImageNames, imageName } from "./image-names.ts";
import { isMissing, isMissingIdentity, isMissingName } from "./missing-values.ts";

/** What is known of one image; a field is absent where the table does not say. */
export interface ImageMetadata {
  /** Photographs of one lesion have the same. */
  readonly lesion?: string;
  readonly patient?: string;
  /** In years. */
  readonly age?: number;
  /** `male` or `female`, or as the table has it, in lower case. */
  readonly sex?: string;
  /** Where on the body, in lower case. */
  readonly site?: string;
  /** As the table has it, such as `MEL` or `bkl`; `diagnosisMapping` says which classes it is. */
  readonly diagnosis?: string;
}

/** What metadata may tell of an image. */
export type MetadataField = keyof ImageMetadata;

/** The metadata of a set of images. */
export interface Metadata {
  /** The tables' files. */
  readonly files: readonly string[];
  /** By the id, file name or path that the table gives, without the suffix of an image's format. */
  readonly images: ReadonlyMap<string, ImageMetadata>;
  /** The fields that at least one image has. */
  readonly fields: ReadonlySet<MetadataField>;
  /** Rows that repeat or contradict others, values that are none: the path is the table's. */
  readonly problems: readonly Problem[];
  /**
   * What is known of the image in a file, by its name, and by its folders where the table gives them; copies and downsampled versions
   * are recognised.
   */
  of(path: string): ImageMetadata | undefined;
  /** The keys of {@link images} that mean a file; undefined where none does, or another file could be meant. */
  find(path: string): FoundNames | undefined;
}

/** The names of the id's column, the surest first. */
const idColumns = [
  "isic_id",
  "image_id",
  "image_name",
  "image",
  "img_id",
  "file_name",
  "filename",
  "file",
  "path",
  "image_path",
  "file_path",
  "filepath",
  "id",
];

/** The names of each field's columns, the surest first; a field is taken from the first that says something. */
const fieldColumns: { readonly [K in MetadataField]: readonly string[] } = {
  lesion: ["lesion_id", "lesion"],
  patient: ["patient_id", "patient"],
  age: ["age_approx", "age"],
  sex: ["sex", "gender"],
  site: ["anatom_site_general", "anatom_site_general_challenge", "localization", "anatom_site", "site"],
  // The third level of the archive's five is the one that names what classes are named after.
  diagnosis: ["isic2019_diagnosis", "dx", "diagnosis", "diagnosis_3", "diagnosis_2", "benign_malignant", "diagnosis_1"],
};

/** The columns of the challenges' ground truth, where the one with 1 is the diagnosis. */
const oneHotColumns = ["mel", "nv", "bcc", "ak", "akiec", "bkl", "df", "vasc", "scc", "unk"];

const sexes: ReadonlyMap<string, string> = new Map([
  ["m", "male"],
  ["f", "female"],
]);

/** A number as any spreadsheet writes it: `55`, `55.0` or `55,0`. */
const numberOf = (cell: string): number => Number(cell.replace(/^(\d+),(\d+)$/, "$1.$2"));

/** Rows that are named one by one in a message. */
const named = 3;

/**
 * Reads one table, or several of the same images (such as the metadata and the ground truth of ISIC 2019), whose fields are joined.
 *
 * Rows may repeat. Where two rows contradict each other in a field, that field is left unknown and the problem is named.
 *
 * @throws DatasetError where a file cannot be read, no column gives an image's id, or no column says anything more
 */
export async function readMetadata(files: string | readonly string[]): Promise<Metadata> {
  const problems: Problem[] = [];
  const images = new Map<string, ImageMetadata>();
  const tables = typeof files === "string" ? [files] : files;
  for (const file of tables) {
    const table = await readTable(file, { what: "metadata" });
    const note = (message: string): void => void problems.push({ path: file, message });
    noteLines(note, table.overlongLines, "more fields than columns, the rest not read");
    addTable(file, table, images, note);
  }
  const names = new ImageNames(images.keys());
  return {
    files: tables,
    images,
    fields: new Set([...images.values()].flatMap((image) => Object.keys(image) as MetadataField[])),
    problems,
    of: (path) => agreed((names.find(path)?.names ?? []).map((name) => images.get(name)!)),
    find: (path) => names.find(path),
  };
}

function addTable(
  file: string,
  table: Table,
  images: Map<string, ImageMetadata>,
  note: (message: string) => void,
): void {
  const { columns, rows } = table;
  if (rows.length === 0) throw new DatasetError(`${file}: no lines below the names of the columns; export it again`);
  const idColumn = idColumnOf(columns, rows);
  if (idColumn === undefined) {
    throw new DatasetError(
      `${file}: no column with the images' ids; call it one of ${idColumns.join(", ")} (there is ${nameList(columns)})`,
    );
  }
  const oneHot = oneHotColumns.filter((column) => columns.includes(column));
  const known = Object.values(fieldColumns).flat();
  if (oneHot.length < 2 && !columns.some((column) => known.includes(column))) {
    throw new DatasetError(
      `${file}: no column says anything of the images; known are ${known.join(", ")} (there is ${nameList(columns)})`,
    );
  }
  const lines = { withoutId: [] as number[], repeated: [] as number[], age: [] as number[], oneHot: [] as number[] };
  const disputes: { readonly line: number; readonly message: string }[] = [];
  const seen = new Set<string>();
  const contradicted = new Map<string, Set<MetadataField>>();
  for (const row of rows) {
    const given = row.fields.get(idColumn);
    if (given === undefined || isMissingName(given)) {
      lines.withoutId.push(row.line);
      continue;
    }
    const id = imageName(given);
    const image = fieldsOf(row, oneHot.length < 2 ? [] : oneHot, lines);
    const before = images.get(id) ?? {};
    const disputed = contradicted.get(id) ?? new Set();
    for (const field of Object.keys(image) as MetadataField[]) {
      if (before[field] === undefined || before[field] === image[field]) continue;
      if (!disputed.has(field)) {
        const message = `${id}: ${field} is "${image[field]}", but "${before[field]}" in an earlier row`;
        disputes.push({ line: row.line, message });
      }
      disputed.add(field);
    }
    if (seen.has(id) && disputed.size === 0) lines.repeated.push(row.line);
    seen.add(id);
    if (disputed.size > 0) contradicted.set(id, disputed);
    images.set(id, { ...before, ...image });
  }
  for (const [id, disputed] of contradicted) {
    const agreed = Object.entries(images.get(id)!).filter(([field]) => !disputed.has(field as MetadataField));
    images.set(id, Object.fromEntries(agreed));
  }
  for (const { line, message } of disputes.slice(0, named))
    note(`line ${line}: ${message}; left unknown, correct one of them`);
  noteLines(
    note,
    disputes.slice(named).map(({ line }) => line),
    "another value than in an earlier row too, left unknown",
  );
  noteLines(note, lines.withoutId, `no ${idColumn}, not read`);
  noteLines(note, lines.repeated, "the same image again, without contradiction");
  noteLines(note, lines.age, "the age is no number of years, left unknown");
  noteLines(note, lines.oneHot, "not exactly one diagnosis is 1, left unknown");
}

/** The surest column of ids; where one id is of several paths that another column gives, that one. */
function idColumnOf(columns: readonly string[], rows: readonly TableRow[]): string | undefined {
  const [first, ...others] = idColumns.filter((column) => columns.includes(column));
  const pathOf = new Map<string, string>();
  const isAmbiguous = (paths: string): boolean =>
    rows.some(({ fields }) => {
      const [id, path] = [fields.get(first!), fields.get(paths)];
      if (id === undefined || path === undefined || !/[/\\]/.test(path) || isicId(id) !== undefined) return false;
      if (!pathOf.has(id)) pathOf.set(id, path);
      return pathOf.get(id) !== path;
    });
  return (
    others.find((column) => {
      pathOf.clear();
      return isAmbiguous(column);
    }) ?? first
  );
}

function fieldsOf(
  row: TableRow,
  oneHot: readonly string[],
  lines: { readonly age: number[]; readonly oneHot: number[] },
): ImageMetadata {
  const text = (field: MetadataField): string | undefined => {
    const missing = field === "lesion" || field === "patient" ? isMissingIdentity : isMissing;
    for (const column of fieldColumns[field]) {
      const value = row.fields.get(column);
      if (value !== undefined && !missing(value)) return value;
    }
    return undefined;
  };
  const image: { -readonly [K in MetadataField]?: ImageMetadata[K] } = {};
  for (const field of ["lesion", "patient", "diagnosis"] as const) {
    const value = text(field);
    if (value !== undefined) image[field] = value;
  }
  for (const field of ["sex", "site"] as const) {
    const value = text(field)?.toLowerCase();
    if (value !== undefined) image[field] = field === "sex" ? (sexes.get(value) ?? value) : value;
  }
  const age = text("age");
  if (age !== undefined) {
    const years = numberOf(age);
    if (years >= 0 && years <= 150) image.age = years;
    else lines.age.push(row.line);
  }
  if (image.diagnosis === undefined && oneHot.length > 0) {
    const chosen = oneHot.filter((column) => numberOf(row.fields.get(column) ?? "0") === 1);
    if (chosen.length !== 1) lines.oneHot.push(row.line);
    else if (chosen[0] !== "unk") image.diagnosis = chosen[0]!.toUpperCase();
  }
  return image;
}

function noteLines(note: (message: string) => void, lines: readonly number[], what: string): void {
  if (lines.length === 0) return;
  const some = lines.slice(0, named).join(", ");
  const more = lines.length > named ? ` and ${lines.length - named} more` : "";
  note(`${lines.length === 1 ? "line" : "lines"} ${some}${more}: ${what}`);
}

/** The fields in which all agree; undefined of none. */
function agreed(images: readonly ImageMetadata[]): ImageMetadata | undefined {
  if (images.length < 2) return images[0];
  const disputed = (field: string): boolean =>
    new Set(images.flatMap((image) => image[field as MetadataField] ?? [])).size > 1;
  return Object.fromEntries(Object.entries(Object.assign({}, ...images)).filter(([field]) => !disputed(field)));
}

/** Metadata laid beside the images of a data set. */
export interface MatchedMetadata {
  /** For each image, in their order. */
  readonly images: readonly (ImageMetadata | undefined)[];
  /** The fields that at least one of these images has. */
  readonly fields: ReadonlySet<MetadataField>;
  /** Images of which nothing is known. */
  readonly unknownImages: number;
  /** The table's ids that no image has. */
  readonly unusedIds: readonly string[];
  /** The tables' own, and what does not fit these images. */
  readonly problems: readonly Problem[];
}

/**
 * Finds the metadata of each image by its file's name. A row whose name is one file's to the letter is no other file's of other letters.
 *
 * @throws DatasetError where no image has any: then the table is of another data set
 */
export function matchMetadata(images: readonly ImageRecord[], metadata: Metadata): MatchedMetadata {
  const all = images.map(({ path }) => metadata.find(path));
  const exact = new Set(all.flatMap((found) => (found?.likeness === "exact" ? found.names : [])));
  const found = all.map((one) =>
    one?.likeness === "folded" && one.names.some((name) => exact.has(name)) ? undefined : one,
  );
  const matched = images.map(({ path }, i) => (found[i] === undefined ? undefined : metadata.of(path)));
  const used = new Set(found.flatMap((one) => one?.names ?? []));
  const unknownImages = matched.filter((image) => image === undefined).length;
  const file = metadata.files.join(", ");
  if (unknownImages === images.length) {
    const [id] = metadata.images.keys();
    throw new DatasetError(
      `${file}: none of its ${metadata.images.size} ids (such as ${id}) is the name of an image ` +
        `(such as ${images[0]?.path ?? "none"}); give the table of these images, with the folders as they are or without any`,
    );
  }
  const unusedIds = [...metadata.images.keys()].filter((id) => !used.has(id));
  const notes = [
    ...(unknownImages > 0 ? [`says nothing of ${unknownImages} of ${images.length} images`] : []),
    ...(unusedIds.length === 1 ? [`has an id that no image has, ${unusedIds[0]}; not used`] : []),
    ...(unusedIds.length > 1
      ? [`has ${unusedIds.length} ids that no image has, such as ${unusedIds[0]}; not used`]
      : []),
    ...namesakes(images, found),
    ...(["lesion", "patient"] as const).flatMap((field) => muchShared(field, matched)),
  ];
  return {
    images: matched,
    fields: new Set(matched.flatMap((image) => Object.keys(image ?? {}) as MetadataField[])),
    unknownImages,
    unusedIds,
    problems: [...metadata.problems, ...notes.map((message) => ({ path: file, message }))],
  };
}

/** Says that names without folders stand for several files each, which may be different images. */
function namesakes(images: readonly ImageRecord[], found: readonly (FoundNames | undefined)[]): string[] {
  const byName = new Map<string, string[]>();
  for (const [i, { path }] of images.entries()) {
    const one = found[i];
    if (one === undefined || one.likeness === "id" || isicId(path) !== undefined) continue;
    for (const name of one.names) if (!name.includes("/")) byName.set(name, [...(byName.get(name) ?? []), path]);
  }
  const several = [...byName].filter(([, paths]) => paths.length > 1);
  const [first] = several;
  if (first === undefined) return [];
  const [name, [one, other]] = first;
  return [
    `${several.length === 1 ? "an id is" : `${several.length} ids are`} the name of several files, such as ${name} of ${one} and ${other}; ` +
      "where these are different images, give paths with their folders in a column called path in place of the ids",
  ];
}

/** The part of the images with a known lesion or patient from which one of them is worth a warning, and the fewest images. */
const muchSharedFrom = { part: 0.25, images: 5 };

/** Says that one lesion or patient has a large part of the images: it may be another spelling of "not known". */
function muchShared(field: "lesion" | "patient", matched: readonly (ImageMetadata | undefined)[]): string[] {
  const counts = new Map<string, number>();
  for (const image of matched) {
    const name = image?.[field];
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const known = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts]
    .filter(([, count]) => count >= muchSharedFrom.images && count > muchSharedFrom.part * known)
    .map(
      ([name, count]) =>
        `the ${field} "${name}" has ${count} of the ${known} images with a known ${field}, which are kept together; ` +
        "if it means that the " +
        field +
        " is not known, leave these cells empty",
    );
}
