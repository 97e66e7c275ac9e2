/** What a data set of labelled images is: its classes, its images with label and split, and what was odd about it. */

import { byCodePoint } from "../text/code-point-order.ts";
import type { ImageSource } from "./image-source.ts";

/** The part of the data that an image belongs to: learned from, or judged on. */
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
  /** How training and test images were separated, where it is not as the folders are. */
  readonly protocol?: ProtocolSummary;
}

/** Training images first, within a split by class, then by path, as {@link Dataset.images} promises. */
export const inImageOrder = (a: ImageRecord, b: ImageRecord): number =>
  a.split === b.split ? a.label - b.label || byCodePoint(a.path, b.path) : a.split === "train" ? -1 : 1;

/** The name of the protocol where the folders have no Test, so that a part of each class was drawn to be tested. */
export const drawnProtocol = "drawn split";

/** The name of the protocol where data are judged that the model was not trained on, all of them. */
export const externalProtocol = "external";

/** What a curation plan did to a data set; it stands beside every figure. */
export interface CurationSummary {
  /** SHA-256 of the plan's file. */
  readonly plan: string;
  readonly leftOut: number;
  readonly relabelled: number;
  readonly classesLeftOut: readonly string[];
}

/** How a named protocol separated training and test images; it stands beside every figure. */
export interface ProtocolSummary {
  /** Such as `clean` or `grouped:5`, or {@link drawnProtocol}. */
  readonly name: string;
  /** Of a drawn split: the seed that it was drawn by. */
  readonly seed?: number | undefined;
  /** Of `grouped:K`: the fold that is tested, from 0. */
  readonly fold?: number | undefined;
  /** What images of one group share, such as content and lesion. */
  readonly groupedBy: readonly string[];
  /** Of `clean`: test images left out because their content, or another image of their group, stands in training. */
  readonly leftOut?: { readonly content: number; readonly group: number } | undefined;
}

/** The file in a data set's folder that says that naevus drew the images itself. */
export const phantomMarker = ".naevus-phantom.json";
