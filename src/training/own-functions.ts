/** What a program may give a training as functions of its own, which no file can hold, and what settings they exclude. */
import type { LossFunction } from "../engine/loss.ts";
import { SettingsError } from "../errors.ts";
import type { ImbalanceName } from "./imbalance.ts";
import type { Metrics } from "./own-metrics.ts";
import type { ScheduleFunction } from "./schedule.ts";
import type { Settings } from "./settings/schema.ts";

/** Functions of one's own in place of what settings name. The same functions must be given again to go on with a training. */
export interface OwnFunctions {
  /** The learning rate of every step, in place of the setting `schedule` and its warm-up. */
  readonly schedule?: ScheduleFunction | undefined;
  /** The loss, in place of the cross-entropy; it is also what validation images are judged by. */
  readonly loss?: LossFunction | undefined;
  /** Figures on the validation images, after every epoch. */
  readonly metrics?: Metrics | undefined;
}

/** Strategies for rare classes that are a change of the loss. */
const changesLoss: { readonly [K in ImbalanceName]: boolean } = {
  none: false,
  classWeights: true,
  effectiveNumber: true,
  oversample: false,
  undersample: false,
  focal: true,
  logitAdjustment: true,
};

/** Throws SettingsError where functions and settings contradict each other, or there are no validation images for metrics. */
export function refuseContradictions(
  { loss, metrics, schedule: ownSchedule }: OwnFunctions,
  { imbalance, labelSmoothing, schedule }: Pick<Settings, "imbalance" | "labelSmoothing" | "schedule">,
  isValidated: boolean,
): void {
  if (schedule === "plateau" && ownSchedule === undefined && !isValidated) {
    throw new SettingsError(
      "schedule: plateau goes by the loss on validation images after every epoch, and there are none; give validation as well, such as 0.15",
    );
  }
  if (metrics !== undefined && !isValidated) {
    throw new SettingsError(
      "metrics: they are computed on validation images after every epoch, and there are none; give validation as well, such as 0.15",
    );
  }
  if (loss === undefined) return;
  const other = "and loss is a function of your own, which takes the place of that loss; leave one of the two out";
  if (changesLoss[imbalance]) {
    throw new SettingsError(`imbalance: ${imbalance} changes the cross-entropy, ${other}`);
  }
  if (labelSmoothing > 0) {
    throw new SettingsError(`labelSmoothing: ${labelSmoothing} changes the targets of the cross-entropy, ${other}`);
  }
}
