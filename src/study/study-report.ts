/** Every figure of a study, as `report.json` has it: one field per chapter. */

import { drawnProtocol } from "../dataset/protocol-summary.ts";
import type { RecipeDifference } from "../evaluation/comparison/recipe-comparison.ts";
import type { Estimate } from "../evaluation/intervals/cluster-bootstrap.ts";
import type { NetworkSummary } from "../network/summary.ts";
import type { BudgetPlan } from "./steps/budget.ts";
import type { Recipe } from "./steps/cross-validated.ts";
import type { DataFindings } from "./steps/data.ts";
import type { DatasetFindings } from "./steps/dataset.ts";
import type { Judgement } from "./steps/judgement.ts";
import type { LearningCurve } from "./steps/learning-curve.ts";
import type { LookFindings } from "./steps/looks.ts";
import type { OfficialModel, TrainedModel } from "./steps/trained-model.ts";

/** A recipe as a report shows it. Figures are means over its repetitions. */
export interface ComparedRecipe {
  readonly name: string;
  readonly recipe: Recipe;
  readonly accuracy: number;
  /** Its interval is over images, groups whole, and over the seeds of trainings. */
  readonly balancedAccuracy: Estimate;
  readonly macroF1: number;
  readonly loss: number;
  /** In the order of the classes. */
  readonly recalls: readonly number[];
  readonly curve: LearningCurve;
  /** Of balanced accuracy, from the comparison's first recipe; null of that one itself. */
  readonly difference: RecipeDifference | null;
  readonly seconds: number;
}

/** Several recipes on the same folds, the first being what the others are compared with. */
export interface Comparison {
  readonly recipes: readonly ComparedRecipe[];
  readonly chosen: string;
  /** Trainings of each recipe, each with a seed of its own. */
  readonly trainings: number;
  /** The difference of balanced accuracy above which one is told from chance, in [0, 1]; null where nothing is compared. */
  readonly visible: number | null;
  /** Recipes that the best was chosen from, those of earlier chapters included. */
  readonly choice: number;
  /** By how much that choice flatters the best one's balanced accuracy, estimated by choosing on other folds; in [-1, 1]. */
  readonly optimism: number;
}

/** A row of pictures: an image and what an augmentation makes of it. */
export interface GalleryPictures {
  readonly title: string;
  readonly pictures: readonly { readonly label: string; readonly picture: string }[];
}

/** Sentences that rules make of the figures. */
export interface Conclusion {
  /** What a reader must know before the figures. */
  readonly cautions: readonly string[];
  readonly found: readonly string[];
  readonly hard: readonly string[];
  readonly next: readonly string[];
  readonly limits: readonly string[];
}

/** Headings with what stands below each. */
export interface ModelCard {
  readonly sections: readonly { readonly heading: string; readonly lines: readonly string[] }[];
}

/** Of `report.json`, and of the steps that it is made of: those of another format are done again. */
export const studyFormat = 2;

/** The ten chapters by their titles. */
export const chapters = [
  "Data reading and understanding",
  "Dataset creation",
  "Visualisation",
  "Initial model",
  "Augmentation",
  "Class distribution",
  "Class imbalance",
  "Final model",
  "Evaluation and results",
  "Conclusion",
] as const;

/** All of it. */
export interface StudyReport extends Judgement {
  readonly format: typeof studyFormat;
  readonly naevus: string;
  readonly origin: "folder" | "phantom";
  /** Whether it holds pictures of the images. */
  readonly pictures: boolean;
  readonly classes: readonly string[];
  readonly data: DataFindings;
  readonly dataset: DatasetFindings;
  readonly looks: LookFindings;
  readonly budget: BudgetPlan & {
    /** Pixels of a side to which recipes were reduced for want of time; null at the networks' own resolution. */
    readonly imageSize: number | null;
    /** What the network that the study was given is called, whose recipes are compared in place of ResNet-18's. */
    readonly compared?: string;
    readonly speeds: readonly { readonly network: string; readonly imagesPerSecond: number }[];
    /** Seconds that all steps took, whenever they were done. */
    readonly spentSeconds: number;
  };
  /** The notebook's network on the data as published. */
  readonly official: OfficialModel;
  readonly initial: ComparedRecipe;
  /** Empty in a report without pictures. */
  readonly gallery: readonly GalleryPictures[];
  readonly augmentation: Comparison;
  readonly imbalance: Comparison;
  readonly recipes: Comparison;
  readonly final: TrainedModel;
  /** What the first and the final model are made of, and the network that the study was given, for as many classes as there are. */
  readonly networks: {
    readonly initial: NetworkSummary;
    readonly compared?: NetworkSummary;
    readonly final: NetworkSummary;
  };
  readonly conclusion: Conclusion;
  readonly modelCard: ModelCard;
}

/** Images that recipes are trained on and cross-validated with. */
export const trainingImages = ({ counts }: Pick<DatasetFindings, "counts">): number =>
  counts.reduce((sum, { train }) => sum + train, 0);

/** Whether the model's test images are those that the data folder was published with, and not drawn. */
export const isPublished = ({ evaluation }: Pick<OfficialModel, "evaluation">): boolean =>
  evaluation.protocol !== drawnProtocol;
