/** Every figure of a study, as `report.json` has it: one field per chapter. */

import type { Estimate } from "../../evaluation/cluster-bootstrap.ts";
import type { CompleteEvaluation } from "../../evaluation/complete-evaluation.ts";
import type { BudgetPlan } from "./budget.ts";
import type { Against, Recipe } from "./cross-validated.ts";
import type { DataFindings, DatasetFindings, LookFindings } from "./data-steps.ts";
import type { LearningCurve } from "./learning-curve.ts";

/** A recipe as a report shows it. */
export interface ComparedRecipe {
  readonly name: string;
  readonly recipe: Recipe;
  readonly accuracy: Estimate;
  readonly balancedAccuracy: Estimate;
  readonly macroF1: Estimate;
  readonly loss: number;
  /** In the order of the classes. */
  readonly recalls: readonly number[];
  readonly curve: LearningCurve;
  /** Against the chapter's own starting point; null of that one itself. */
  readonly against: Against | null;
  readonly seconds: number;
}

/** Several recipes on the same folds, the first being what the others are compared with. */
export interface Comparison {
  readonly recipes: readonly ComparedRecipe[];
  readonly chosen: string;
}

/** A test image with what was said of it. */
export interface JudgedImage {
  readonly path: string;
  readonly truth: number;
  readonly predicted: number;
  readonly confidence: number;
  /** JPEG as a `data:` address; absent where there are more than a report holds. */
  readonly picture?: string;
}

/** A training image that is probably labelled wrongly. */
export interface DoubtfulLabel {
  readonly path: string;
  readonly label: string;
  readonly suggested: string;
  readonly suggestedProbability: number;
  readonly picture: string;
}

export interface FinalFindings {
  readonly run: string;
  readonly recipe: Recipe;
  readonly parameters: number;
  readonly epochs: number;
  readonly engine: string;
  readonly precision: string;
  readonly imagesPerSecond: number | null;
}

export interface GalleryPictures {
  readonly title: string;
  readonly pictures: readonly { readonly label: string; readonly picture: string }[];
}

/** Sentences that rules make of the figures. */
export interface Conclusion {
  readonly found: readonly string[];
  readonly hard: readonly string[];
  readonly next: readonly string[];
  readonly limits: readonly string[];
}

/** Headings with what stands below each. */
export interface ModelCard {
  readonly sections: readonly { readonly heading: string; readonly lines: readonly string[] }[];
}

/** All of it. */
export interface StudyReport {
  readonly format: 1;
  readonly naevus: string;
  readonly origin: "folder" | "phantom";
  readonly classes: readonly string[];
  readonly data: DataFindings;
  readonly dataset: DatasetFindings;
  readonly looks: LookFindings;
  readonly budget: BudgetPlan & {
    readonly speeds: readonly { readonly network: string; readonly imagesPerSecond: number }[];
    /** Seconds that all steps took, whenever they were done. */
    readonly spentSeconds: number;
  };
  readonly initial: ComparedRecipe;
  readonly gallery: readonly GalleryPictures[];
  readonly augmentation: Comparison;
  readonly imbalance: Comparison;
  readonly recipes: Comparison;
  readonly final: FinalFindings;
  readonly evaluation: CompleteEvaluation;
  readonly testImages: readonly JudgedImage[];
  readonly doubtfulLabels: readonly DoubtfulLabel[];
  readonly conclusion: Conclusion;
  readonly modelCard: ModelCard;
}
