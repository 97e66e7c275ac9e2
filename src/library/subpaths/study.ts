/** `naevus/study`: the parts of a study's report, and the report as text. */
import "../../node-version.ts";

export type { BranchSummary, LayerSummary, NetworkSummary, NetworkTotals } from "../../network/summary.ts";
export type { BudgetPlan } from "../../study/steps/budget.ts";
export type { Recipe } from "../../study/steps/cross-validated.ts";
export type { DataFindings } from "../../study/steps/data.ts";
export type { DatasetFindings } from "../../study/steps/dataset.ts";
export type { DoubtfulLabel, JudgedImage, Judgement } from "../../study/steps/judgement.ts";
export type { CurvePoint, CurveVerdict, LearningCurve } from "../../study/steps/learning-curve.ts";
export type { LookFindings } from "../../study/steps/looks.ts";
export type { Spread } from "../../study/steps/spread.ts";
export type { OfficialModel, TrainedModel } from "../../study/steps/trained-model.ts";
export type {
  ComparedRecipe,
  Comparison,
  Conclusion,
  GalleryPictures,
  ModelCard,
  StudyReport,
} from "../../study/study-report.ts";
export type { Knowledge } from "../../study/words/knowledge.ts";
