/** How fast each network learns on this machine, with augmentation. */

import { measuredSpeed } from "../../run/epochs-in-time.ts";
import type { StudyContext, StudyData } from "../study-context.ts";
import { type Recipe, settingsOf } from "./cross-validated.ts";

/** Training images per second. */
export async function measureSpeed(
  { settings, engine, signal, stopwatch }: StudyContext,
  data: StudyData,
  recipe: Recipe,
): Promise<number> {
  const own = settingsOf(settings, { ...recipe, epochs: 2, augmentation: "standard" });
  const packed = await data.pack(own);
  const learned = packed.images.flatMap(({ split }, index) => (split === "train" ? [index] : []));
  const classes = data.clean.classes.length;
  return measuredSpeed({ engine, packed, classes, learned, settings: own, signal, stopwatch });
}
