/** The strategies against imbalance by the names that the field knows. */
import type { ImbalanceName } from "../../training/imbalance.ts";
import type { Comparison } from "../study-report.ts";

const strategyNames: Readonly<Record<ImbalanceName, string>> = {
  none: "none",
  classWeights: "class weights",
  effectiveNumber: "effective-number weights",
  oversample: "oversampling",
  undersample: "undersampling",
  focal: "focal loss",
  logitAdjustment: "logit adjustment",
};

/** A comparison of strategies, under these names. */
export const inWords = (comparison: Comparison): Comparison => {
  const nameOf = (name: string) => strategyNames[name as ImbalanceName];
  return {
    ...comparison,
    chosen: nameOf(comparison.chosen),
    recipes: comparison.recipes.map((one) => ({ ...one, name: nameOf(one.name) })),
  };
};
