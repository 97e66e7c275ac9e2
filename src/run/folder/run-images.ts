/** `images.csv`: which images a run was trained on, validated on and is to be tested on, by what they hold. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { readTable } from "../../dataset/csv-table.ts";
import type { ImageRecord } from "../../dataset/dataset.ts";
import { fileExists, readWhole, writeFileAtomic } from "../../disk/files.ts";
import { isInside } from "../../disk/names-from-files.ts";
import { readSentence } from "../../disk/system-errors.ts";
import { RunError } from "../../errors.ts";
import { csvText } from "../../formats/csv-text.ts";
import { digestOf, type LearnedImages } from "../../onnx/learned-images.ts";
import { runFiles } from "./run-folder.ts";

const parts = ["train", "validation", "test"] as const;

/** An image of a run. */
export interface RunImage {
  readonly part: (typeof parts)[number];
  /** Relative to the data's root when the run began. */
  readonly path: string;
  /** Index into the run's classes, as curation and class map left it. */
  readonly label: number;
  /** SHA-256 of the decoded pixels, and of the file. */
  readonly pixels: string;
  readonly file: string;
  /** Size of the file. */
  readonly bytes: number;
  /** Images of one group show one lesion, as far as that was known. */
  readonly group: number;
  /** As the metadata name them. */
  readonly lesion?: string;
  readonly patient?: string;
}

const columns = ["part", "class", "path", "bytes", "group", "lesion", "patient", "pixels", "file"];

/** The text of `images.csv`. */
function imagesText(classes: readonly string[], images: readonly RunImage[]): string {
  const rows = images.map(({ part, path, label, pixels, file, bytes, group, lesion = "", patient = "" }) => ({
    part,
    class: classes[label]!,
    path,
    bytes: String(bytes),
    group: String(group),
    lesion,
    patient,
    pixels,
    file,
  }));
  return csvText(columns, rows);
}

/** Writes the images of a run into its folder. */
export const writeRunImages = (run: string, classes: readonly string[], images: readonly RunImage[]): Promise<void> =>
  writeFileAtomic(join(run, runFiles.images), imagesText(classes, images));

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** SHA-256 of the `images.csv` of these images, for the run's configuration. */
export const runImagesDigest = (classes: readonly string[], images: readonly RunImage[]): string =>
  sha256(imagesText(classes, images));

const isSha256 = (text: string | undefined): text is string => text !== undefined && /^[0-9a-f]{64}$/.test(text);

/**
 * The images of a run in their order; undefined for a run that was begun before they were kept. Throws RunError where they are damaged,
 * gone, or not those of the digest that the run's configuration tells.
 */
export async function readRunImages(
  run: string,
  { classes, images: digest }: { readonly classes: readonly string[]; readonly images?: string | undefined },
): Promise<RunImage[] | undefined> {
  const file = join(run, runFiles.images);
  const cure = "put the file back as it was, or train again";
  if (!(await fileExists(file))) {
    if (digest === undefined) return undefined;
    throw new RunError(`${file}: gone, and with it the list of images that the run was trained on; ${cure}`);
  }
  const content = await readWhole(file).catch((error: unknown) => {
    throw new RunError(readSentence(file, error, cure), { cause: error });
  });
  if (digest !== undefined && sha256(content) !== digest) {
    throw new RunError(`${file}: damaged: it is not the one that the run was begun with; ${cure}`);
  }
  const { rows } = await readTable(file, { what: "images of the run" });
  return rows.map(({ line, fields }) => {
    const part = parts.find((name) => name === fields.get("part"));
    const label = classes.indexOf(fields.get("class") ?? "");
    const [path, pixels, hash] = ["path", "pixels", "file"].map((column) => fields.get(column));
    const [bytes, group] = [Number(fields.get("bytes")), Number(fields.get("group"))];
    const isWhole =
      part !== undefined && label >= 0 && path !== undefined && isInside(path) && Number.isInteger(bytes + group);
    if (!isWhole || !isSha256(pixels) || !isSha256(hash)) {
      throw new RunError(`${file}: line ${line}: damaged; ${cure}`);
    }
    const [lesion, patient] = [fields.get("lesion"), fields.get("patient")];
    return {
      part,
      path,
      label,
      pixels,
      file: hash,
      bytes,
      group,
      ...(lesion && { lesion }),
      ...(patient && { patient }),
    };
  });
}

/** A run's images as a data set's: those of validation are training images. */
export const recordsOf = (images: readonly RunImage[]): ImageRecord[] =>
  images.map(({ path, label, part, bytes }) => ({ path, label, split: part === "test" ? "test" : "train", bytes }));

/** The digest of a lesion's or patient's id. */
export const idDigest = (kind: "lesion" | "patient", id: string): number => digestOf(sha256(`${kind} ${id}`));

/** A run's images as digests; patients where images of one patient were kept together. */
export function learnedImagesOf(
  images: readonly RunImage[],
  { groupBy }: { readonly groupBy: "lesion" | "patient" },
): LearnedImages {
  const learned = {
    train: new Set<number>(),
    validation: new Set<number>(),
    test: new Map<number, number[]>(),
    counts: { train: 0, validation: 0, test: 0 },
    lesions: new Set<number>(),
    patients: new Set<number>(),
  };
  for (const { part, pixels, file, label, lesion, patient } of images) {
    learned.counts[part]++;
    for (const digest of [digestOf(pixels), digestOf(file)]) {
      if (part !== "test") learned[part].add(digest);
      else learned.test.set(digest, [...(learned.test.get(digest) ?? []), label]);
    }
    if (part === "test") continue;
    if (lesion !== undefined) learned.lesions.add(idDigest("lesion", lesion));
    if (groupBy === "patient" && patient !== undefined) learned.patients.add(idDigest("patient", patient));
  }
  return learned;
}
