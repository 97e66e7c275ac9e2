/** The budget of a study, from speeds measured on this machine. */
import { policyNames } from "../../image/augmentation/policy.ts";
import { networks } from "../../network/architectures.ts";
import { imbalanceNames } from "../../training/imbalance.ts";
import { doStep, type StudyContext, spentSeconds } from "../study-context.ts";
import type { StudyReport } from "../study-report.ts";
import { planBudget, workingSize } from "./budget.ts";
import type { ComparedNetwork } from "./compared-network.ts";
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
  compared: ComparedNetwork,
): Promise<PlannedBudget> {
  const { settings } = context;
  const spentBefore = await spentSeconds(context);
  const measured = async (reduced?: number) => {
    const size = reduced === undefined ? {} : { imageSize: reduced };
    const first = await measureSpeed(context, data, { network: firstNetwork, ...size });
    return { first, larger: await measureSpeed(context, data, await compared.at(reduced)) };
  };
  const { name } = compared;
  const given = name === undefined ? [] : [(await compared.at()).network];
  return doStep(context, {
    id: "budget",
    inputs: [minutes, training.paths.length, inputsOf(settings), context.engine.description, ...given],
    run: async () => {
      const own = await measured();
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
          ? workingSize(optionsAt(own), {
              comparison: networks[firstNetwork]({ classes: training.classes.length }).input.height,
              recipes: compared.side,
            })
          : undefined;
      const speeds = reduced === undefined ? own : await measured(reduced);
      return {
        ...planBudget(optionsAt(speeds)),
        imageSize: reduced ?? null,
        ...(name !== undefined && { compared: name }),
        speeds: [
          { network: firstNetwork, imagesPerSecond: speeds.first },
          { network: name ?? largerNetwork, imagesPerSecond: speeds.larger },
        ],
      };
    },
  });
}

/** No more than five, nor than the rarest class has groups. */
const mostFolds = ({ classes, truth, groups }: TrainingImages): number =>
  Math.min(5, ...classes.map((_, label) => new Set(groups.filter((_group, i) => truth[i] === label)).size));
