/** What an audit finds: every part of its result, JSON-ready. */
import type { Dataset, Problem, Split } from "../dataset/dataset.ts";
import type { Confounds } from "./confounds.ts";
import type { Distribution } from "./distribution.ts";
import type { FileFinding, Oddity } from "./file-findings.ts";

/** A file with the class and split that it stands in. */
export interface Place {
  readonly path: string;
  readonly class: string;
  readonly split: Split;
}

/** Files of one content. */
export interface ExactDuplicate {
  readonly sha256: string;
  readonly files: readonly Place[];
  /** Whether they stand under several classes. */
  readonly labelConflict: boolean;
  /** Whether they stand in Train and in Test. */
  readonly leak: boolean;
  /** What the metadata say; absent where they say nothing. */
  readonly diagnosis?: string;
}

/** Two files that show the same photograph, turned, cut or saved anew, or another one of the very same skin. */
export interface NearDuplicatePair {
  readonly a: Place;
  readonly b: Place;
  /** How the second lies on the first, in words. */
  readonly turn: string;
  /** Part of the first's width and height that the second shows. */
  readonly shows: readonly [number, number];
  readonly correlation: number;
  /** Median correlation of the fine structure, by which the two were told to be one photograph. */
  readonly detail: number;
  /** Whether they have no class in common. */
  readonly labelConflict: boolean;
  /** Whether one stands in Train and the other in Test. */
  readonly leak: boolean;
  /** Whether the metadata call them one lesion; absent where they do not say. */
  readonly sameLesion?: boolean;
}

/** A lesion or patient whose images stand in Train and in Test. */
export interface Spanning {
  readonly id: string;
  readonly files: readonly Place[];
}

/** A file whose class the diagnosis in the metadata contradicts. */
export interface Disagreement extends Place {
  readonly diagnosis: string;
  /** The classes that the diagnosis agrees with. */
  readonly agreesWith: readonly string[];
}

/** An image that is unlike the rest. */
export interface OutlierImage extends Place {
  readonly what: string;
  readonly value: number;
  readonly median: number;
  readonly score: number;
}

/** Everything found, in numbers. */
export interface AuditCounts {
  /** Files that look like images by their suffix. */
  readonly images: number;
  readonly contents: number;
  /** Files that cannot be decoded. */
  readonly unreadable: number;
  /** Remarks on the folder: files and folders that were not taken for images, classes with too few. */
  readonly leftOut: number;
  readonly wronglyNamed: number;
  readonly tooSmall: number;
  readonly notRgb: number;
  readonly turned: number;
  /** Contents that several files hold. */
  readonly exactDuplicateGroups: number;
  /** Contents under several classes. */
  readonly labelConflicts: number;
  /** Test images whose content stands in Train. */
  readonly testImagesInTrain: number;
  readonly nearDuplicatePairs: number;
  readonly nearDuplicateConflicts: number;
  readonly nearDuplicateLeaks: number;
  readonly lesionsAcrossSplits: number;
  readonly patientsAcrossSplits: number;
  /** Further test images of whose lesion another image stands in Train. */
  readonly testImagesOfTrainLesions: number;
  /** Further test images of which nearly the same picture stands in Train. */
  readonly testImagesAlikeInTrain: number;
  /** Test images that are none of these. */
  readonly cleanTestImages: number;
  readonly metadataDisagreements: number;
  readonly outliers: number;
}

/** What an audit found. JSON-ready. */
export interface Audit {
  readonly format: "naevus audit 1";
  /** Of the data folder: its last name. Where it lies is no finding, and an audit may be sent around. */
  readonly name: string;
  readonly origin: Dataset["origin"];
  /** What a curation plan did before the audit; absent where none was applied. */
  readonly curation?: Dataset["curation"];
  readonly fingerprint: string;
  readonly classes: readonly string[];
  /** Whether the test images were drawn from the same folders as the training images, as there was no Test. */
  readonly splitDrawn: boolean;
  readonly counts: AuditCounts;
  /** How many images of a class are of one size, in pixels, upright; by class, the most frequent size first. */
  readonly sizes: readonly {
    readonly class: string;
    readonly width: number;
    readonly height: number;
    readonly images: number;
  }[];
  readonly unreadable: readonly Problem[];
  readonly leftOut: readonly Problem[];
  readonly oddities: { readonly [K in Oddity]: readonly FileFinding[] };
  readonly exactDuplicates: readonly ExactDuplicate[];
  readonly nearDuplicates: readonly NearDuplicatePair[];
  readonly lesionsAcrossSplits: readonly Spanning[];
  readonly patientsAcrossSplits: readonly Spanning[];
  readonly disagreements: readonly Disagreement[];
  readonly distribution: Distribution;
  /** The class names and counts that the default curation plan leaves. */
  readonly curated: Distribution & { readonly classesLeftOut: readonly string[] };
  readonly outlierRule: string;
  readonly outliers: readonly OutlierImage[];
  readonly confounds: Confounds | undefined;
  /** Undefined where none were given. */
  readonly metadata: { readonly fields: readonly string[]; readonly unknownImages: number } | undefined;
}
