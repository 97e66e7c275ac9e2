/** How fast each network learns on this machine, with augmentation. */

import { fitNetwork } from "../../run/fit-network.ts";
import type { StudyContext, StudyData } from "../study-context.ts";
import { type Recipe, settingsOf } from "./cross-validated.ts";

/** Seconds that an epoch of the measurement should take, and the most batches that it has. */
const measured = { seconds: 1, batches: 24 } as const;

/** Training images per second: a few batches say how many more are worth waiting for. */
export async function measureSpeed(context: StudyContext, data: StudyData, recipe: Recipe): Promise<number> {
  const few = await speedOver(context, data, recipe, 2);
  const batches = Math.min(measured.batches, Math.floor((few * measured.seconds) / context.settings.batch));
  return batches <= 2 ? few : speedOver(context, data, recipe, batches);
}

/** In the second of two epochs, as the first warms up. */
async function speedOver(
  { settings, engine, signal, stopwatch }: StudyContext,
  data: StudyData,
  recipe: Recipe,
  batches: number,
): Promise<number> {
  const own = settingsOf(settings, { ...recipe, epochs: 2, augmentation: "standard" });
  const packed = await data.pack(own);
  const training = packed.images.flatMap(({ split }, index) => (split === "train" ? [index] : []));
  const some = training.slice(0, Math.min(training.length, batches * settings.batch));
  const { history } = await fitNetwork({
    engine,
    packed,
    classes: data.clean.classes.length,
    learned: some,
    judged: some.slice(0, 1),
    settings: own,
    signal,
    stopwatch,
  });
  return history[1]!.imagesPerSecond;
}
