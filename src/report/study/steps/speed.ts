/** How fast each network learns on this machine, with augmentation. */

import { fitNetwork } from "../../../run/fit-network.ts";
import type { StudyContext, StudyData } from "../study-context.ts";
import { type Recipe, settingsOf } from "./cross-validated.ts";

/** Images learned from per second, in the second of two short epochs. */
export async function measureSpeed(
  { settings, engine, signal, clock }: StudyContext,
  data: StudyData,
  recipe: Recipe,
): Promise<number> {
  const own = settingsOf(settings, { ...recipe, epochs: 2, augmentation: "standard" });
  const packed = await data.pack(own);
  const training = packed.images.flatMap(({ split }, index) => (split === "train" ? [index] : []));
  const few = training.slice(0, Math.min(training.length, 6 * settings.batch));
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
  return history[1]!.imagesPerSecond;
}
