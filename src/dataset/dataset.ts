/** What a data set of labelled images is: its classes, its images with label and split, and what was odd about it. */

import { byCodePoint } from "../text/code-point-order.ts";
import type { ImageSource } from "./image-source.ts";
import type { ClassMapSummary, CurationSummary, ProtocolSummary } from "./protocol-summary.ts";

/** The part of the data that an image belongs to: trained on, or tested. */
export type Split = "train" | "test";

/** One image file of a data set. */
export interface ImageRecord {
  /** Relative to the data set's root, with `/` on every system. */
  readonly path: string;
  /** Index into {@link Dataset.classes}. */
  readonly label: number;
  readonly split: Split;
  /** Size of the file. */
  readonly bytes: number;
  /** By a curation plan: images of one group never stand on both sides of a split. */
  readonly group?: string;
}

/** Something left out or odd, and why. Printed as `path: message`. */
export interface Problem {
  /** Relative to the data set's root, with `/`. */
  readonly path: string;
  readonly message: string;
}

/** A data set as listed from its folder; no image has been opened yet. */
export interface Dataset {
  /** The folder that was read, as an absolute path; `memory:` and a digest of all contents where images were given one by one. */
  readonly root: string;
  /** Of a data set whose images were given one by one: where each is, by its path. Absent where they are the files below `root`. */
  readonly sources?: ReadonlyMap<string, ImageSource>;
  /** `phantom` where the images were drawn by `writePhantomDataset` and show no real lesion. */
  readonly origin: "folder" | "phantom";
  /** In code-point order; a label is an index into it. */
  readonly classes: readonly string[];
  /** Training images first; within a split by class, then by file name, all in code-point order. */
  readonly images: readonly ImageRecord[];
  readonly problems: readonly Problem[];
  /** What a curation plan did; absent where none was applied. */
  readonly curation?: CurationSummary;
  /** Which classes a class map renamed, merged or left out; absent where none was applied. */
  readonly classMap?: ClassMapSummary;
  /** How training and test images were separated, where it is not as the folders are. */
  readonly protocol?: ProtocolSummary;
}

/** Training images first, within a split by class, then by path, as {@link Dataset.images} promises. */
export const inImageOrder = (a: ImageRecord, b: ImageRecord): number =>
  a.split === b.split ? a.label - b.label || byCodePoint(a.path, b.path) : a.split === "train" ? -1 : 1;

/** The file in a data set's folder that says that naevus drew the images itself. */
export const phantomMarker = ".naevus-phantom.json";
