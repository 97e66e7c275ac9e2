/** The budget of a study, from speeds measured on this machine. */
import { policyNames } from "../../image/augmentation/policy.ts";
import { type NetworkName, networks } from "../../network/architectures.ts";
import { imbalanceNames } from "../../training/imbalance.ts";
import type { Settings } from "../../training/settings/schema.ts";
import { doStep, type StudyContext, spentSeconds } from "../study-context.ts";
import type { StudyReport } from "../study-report.ts";
import { planBudget, workingSize } from "./budget.ts";
import { firstNetwork, inputsOf, largerNetwork } from "./cross-validated.ts";
import type { MadeDataset, TrainingImages } from "./dataset.ts";
import { measureSpeed } from "./speed.ts";

/** Epochs, folds and resolution, with the speeds that they were planned by. */
export type PlannedBudget = Omit<StudyReport["budget"], "spentSeconds">;

/** Plans once, so that a study that is gone on with keeps its epochs, whatever the machine does meanwhile. */
export async function plannedBudget(
  context: StudyContext,
  { data, training }: Pick<MadeDataset, "data" | "training">,
  minutes: number,
): Promise<PlannedBudget> {
  const { settings } = context;
  const spentBefore = await spentSeconds(context);
  const measured = async (imageSize: Settings["imageSize"]) => {
    const size = imageSize === undefined ? {} : { imageSize };
    const first = await measureSpeed(context, data, { network: firstNetwork, ...size });
    return { first, larger: await measureSpeed(context, data, { network: largerNetwork, ...size }) };
  };
  const heightOf = (network: NetworkName) => networks[network]({ classes: data.clean.classes.length }).input.height;
  return doStep(context, {
    id: "budget",
    inputs: [minutes, training.paths.length, inputsOf(settings), context.engine.description],
    run: async () => {
      const own = await measured(settings.imageSize);
      const optionsAt = ({ first, larger }: typeof own) => ({
        minutes,
        spentSeconds: spentBefore,
        images: training.paths.length,
        officialSpeed: own.first,
        comparison: { configurations: policyNames.length + imbalanceNames.length - 1, imagesPerSecond: first },
        recipes: { configurations: 2, imagesPerSecond: larger },
        mostFolds: mostFolds(training),
      });
      const reduced =
        settings.imageSize === undefined
          ? workingSize(optionsAt(own), { comparison: heightOf(firstNetwork), recipes: heightOf(largerNetwork) })
          : undefined;
      const speeds = reduced === undefined ? own : await measured(reduced);
      return {
        ...planBudget(optionsAt(speeds)),
        imageSize: reduced ?? null,
        speeds: [
          { network: firstNetwork, imagesPerSecond: speeds.first },
          { network: largerNetwork, imagesPerSecond: speeds.larger },
        ],
      };
    },
  });
}

/** No more than five, nor than the rarest class has groups. */
const mostFolds = ({ classes, truth, groups }: TrainingImages): number =>
  Math.min(5, ...classes.map((_, label) => new Set(groups.filter((_group, i) => truth[i] === label)).size));
