/** How fast each network learns on this machine, with augmentation. */

import { fitNetwork } from "../../../run/fit-network.ts";
import type { StudyContext, StudyData } from "../study-context.ts";
import { type Recipe, settingsOf } from "./cross-validated.ts";

/** Images learned from per second: the first of three short epochs warms up, and of the others the faster counts. */
export async function measureSpeed(
  { settings, engine, signal, clock }: StudyContext,
  data: StudyData,
  recipe: Recipe,
  batches: number,
): Promise<number> {
  const own = settingsOf(settings, { ...recipe, epochs: 3, augmentation: "standard" });
  const packed = await data.pack(own);
  const training = packed.images.flatMap(({ split }, index) => (split === "train" ? [index] : []));
  const few = training.slice(0, Math.min(training.length, batches * settings.batch));
  const { history } = await fitNetwork({
    engine,
    packed,
    classes: data.clean.classes.length,
    learned: few,
    judged: few.slice(0, 1),
    settings: own,
    signal,
    clock,
  });
  return Math.max(...history.slice(1).map(({ imagesPerSecond }) => imagesPerSecond));
}
