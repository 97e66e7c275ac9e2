/** Pictures of a data set as files: a sample of every class, the distribution over classes, and conflicts side by side. */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { distributionOf, largestClasses } from "../../audit/distribution.ts";
import { applyClassMap, readClassMap } from "../../dataset/class-map.ts";
import { type HashOptions, hashContents } from "../../dataset/content-hashes.ts";
import { applyCuration } from "../../dataset/curation/apply-curation.ts";
import { readCurationPlan } from "../../dataset/curation/curation-plan.ts";
import type { Dataset, Problem } from "../../dataset/dataset.ts";
import { writeFileAtomic } from "../../disk/files.ts";
import { checkOutputFolder, makeOutputFolder } from "../../disk/output-folder.ts";
import { svgToPng } from "../../image/encode.ts";
import { filePicture } from "../../image/picture.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { distributionChart } from "../audit/audit-charts.ts";
import { sampleOfClasses } from "../audit/write-audit.ts";
import { drawChart } from "../charts/draw-chart.ts";
import { contactSheet, type SheetRow } from "./contact-sheet.ts";

/** The formats of pictures. */
export const showFormats = ["svg", "png"] as const;

/** One of them. */
export type ShowFormat = (typeof showFormats)[number];

/** What is drawn, and where it is left. */
export interface ShowOptions extends HashOptions {
  /** Folder for the pictures; made where it is missing. */
  readonly out: string;
  /** A curation plan: the gallery and the distribution then show what it leaves. */
  readonly curation?: string | undefined;
  /** A class map: the pictures then show its classes. */
  readonly classMap?: string | undefined;
  readonly format?: ShowFormat | undefined;
  /** Whether images are shown; default true. Without them the distribution is all that is drawn. */
  readonly images?: boolean | undefined;
  /** Images of each class in the gallery, default 8. */
  readonly perClass?: number | undefined;
}

/** Wide enough for the caption of a conflict, such as "train: seborrheic keratosis". */
const pictureSize = 146;

/** What was drawn. */
export interface Pictures {
  readonly files: readonly string[];
  /** Files that are no images, and what does not fit of the curation plan. */
  readonly problems: readonly Problem[];
}

/** Conflicts that are drawn. */
const mostConflicts = 60;

/** Classes of which a sample is drawn, those with the most images: with more, no program draws the picture any more. */
const mostClasses = 100;

const phantomNote = ({ origin }: Dataset): string => (origin === "phantom" ? ", phantom data" : "");

const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/**
 * Writes `gallery`, `distribution` and, where one content stands under several classes, `conflicts`; without images the distribution
 * alone, and takes away the others that an earlier call wrote.
 *
 * Throws DatasetError for data or a plan that cannot be used; FileError; the signal's reason where it aborts.
 */
export async function show(
  data: string,
  { out, curation, classMap, format = "svg", perClass = 8, images = true, ...options }: ShowOptions,
): Promise<Pictures> {
  const folder = resolve(out);
  await checkOutputFolder(folder, data);
  const read = await readDataset(data, options);
  const map = classMap === undefined ? undefined : await readClassMap(classMap);
  const mapped = (one: Dataset): Dataset => (map === undefined ? one : applyClassMap(one, map));
  const dataset = mapped(read);
  // A plan names the classes of the folders.
  const curated =
    curation === undefined ? undefined : mapped(await applyCuration(read, await readCurationPlan(curation), options));
  await makeOutputFolder(folder, data);
  const files: string[] = [];
  const write = async (name: string, svg: string): Promise<void> => {
    const file = join(folder, `${name}.${format}`);
    await writeFileAtomic(file, format === "svg" ? svg : [await svgToPng(svg)]);
    files.push(file);
  };
  // What an earlier call drew does not stay where no image is to be shown.
  for (const name of images ? [] : ["gallery", "conflicts"]) {
    for (const suffix of showFormats) await rm(join(folder, `${name}.${suffix}`), { force: true });
  }
  if (images) await write("gallery", await gallery(curated ?? dataset, perClass));
  await write("distribution", await distribution(dataset, curated));
  const rows = images ? await conflictRows(dataset, options) : [];
  if (rows.length > 0) await write("conflicts", contactSheet(rows, { size: pictureSize, columns: 6 }));
  return { files, problems: (curated ?? dataset).problems };
}

const pictureOf = ({ root }: Dataset, path: string): Promise<string | undefined> =>
  filePicture(join(root, path), pictureSize);

async function gallery(dataset: Dataset, perClass: number): Promise<string> {
  const rows: SheetRow[] = [];
  const samples = sampleOfClasses(dataset, perClass);
  const { counts } = distributionOf(dataset.classes, dataset.images).all;
  const shown = largestClasses(counts, mostClasses);
  for (const label of shown) {
    const total = counts[label]!;
    const cells = [];
    for (const path of samples[label]!)
      cells.push({ picture: await pictureOf(dataset, path), caption: fileName(path) });
    rows.push({ title: `${dataset.classes[label]} (${total})${phantomNote(dataset)}`, cells });
  }
  if (shown.length < counts.length) {
    rows.push({ title: `the ${shown.length} largest of ${counts.length} classes`, cells: [] });
  }
  return contactSheet(rows, { size: pictureSize, columns: Math.min(perClass, 8) });
}

function distribution(dataset: Dataset, curated: Dataset | undefined): Promise<string> {
  const countings = [{ ...distributionOf(dataset.classes, dataset.images).all, name: "as found" }];
  if (curated !== undefined) {
    // Curation may take classes away, so that labels are counted under the names of before.
    const images = curated.images.map((image) => ({
      ...image,
      label: dataset.classes.indexOf(curated.classes[image.label]!),
    }));
    countings.push({ ...distributionOf(dataset.classes, images).all, name: "after curation" });
  }
  const title = `Images by class${phantomNote(dataset)}`;
  const spec = {
    title: { text: title, offset: 12 },
    width: 460,
    padding: 12,
    ...distributionChart(dataset.classes, countings),
  };
  return drawChart(spec, title, { background: "#ffffff" });
}

/** The contents that stand under several classes, by the classes: every file of a content beside the others. */
async function conflictRows(dataset: Dataset, options: HashOptions): Promise<SheetRow[]> {
  const { sha256 } = await hashContents(dataset, options);
  const byContent = new Map<string, number[]>();
  for (const [index, content] of sha256.entries()) {
    if (content !== undefined) byContent.set(content, [...(byContent.get(content) ?? []), index]);
  }
  const labelOf = (index: number): string => dataset.classes[dataset.images[index]!.label]!;
  const byClasses = new Map<string, number[][]>();
  for (const indices of byContent.values()) {
    const classes = [...new Set(indices.map(labelOf))].sort();
    if (classes.length > 1)
      byClasses.set(classes.join(" & "), [...(byClasses.get(classes.join(" & ")) ?? []), indices]);
  }
  const rows: SheetRow[] = [];
  for (const [classes, conflicts] of [...byClasses].slice(0, mostConflicts)) {
    const cells = [];
    const shown = conflicts.slice(0, Math.ceil(mostConflicts / byClasses.size));
    for (const indices of shown) {
      for (const index of indices) {
        const { path, split } = dataset.images[index]!;
        cells.push({ picture: await pictureOf(dataset, path), caption: `${split}: ${labelOf(index)}` });
      }
    }
    const some = shown.length < conflicts.length ? `, ${shown.length} of ${conflicts.length}` : `: ${conflicts.length}`;
    rows.push({ title: `One image with two labels, ${classes}${some}${phantomNote(dataset)}`, cells });
  }
  return rows;
}
