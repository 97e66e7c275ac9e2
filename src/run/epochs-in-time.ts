/** How many epochs a training has time for, by its speed on this machine. */
import { type Stopwatch, secondsSince, stopwatch } from "../stopwatch.ts";
import { fitNetwork, type NetworkFitOptions } from "./fit-network.ts";

/** Seconds that an epoch of the measurement should take, and the most batches that it has. */
const measured = { seconds: 1, batches: 24 } as const;

/** What is trained, and by which settings; nothing of it is kept. */
export type MeasuredTraining = Omit<NetworkFitOptions, "judged" | "curves" | "onStep">;

/** Training images per second, batches made and augmented: a few batches say how many more are worth waiting for. */
export async function measuredSpeed(training: MeasuredTraining): Promise<number> {
  const few = await speedOver(training, 2);
  const batches = Math.min(measured.batches, Math.floor((few * measured.seconds) / training.settings.batch));
  return batches <= 2 ? few : speedOver(training, batches);
}

/** In the second of two epochs, as the first warms up. */
async function speedOver({ settings, learned, ...training }: MeasuredTraining, batches: number): Promise<number> {
  const some = learned.slice(0, Math.min(learned.length, batches * settings.batch));
  const { history } = await fitNetwork({
    ...training,
    settings: { ...settings, epochs: 2 },
    learned: some,
    judged: some.slice(0, 1),
  });
  return history[1]!.imagesPerSecond;
}

/** Judging an image costs about a third of learning from it: forward, without backward. */
const judging = 1 / 3;

/** The epochs that there is time for, at least 1. */
export async function epochsWithin(
  seconds: number,
  {
    validation,
    stopwatch: now = stopwatch,
    ...training
  }: MeasuredTraining & { readonly validation: number; readonly stopwatch?: Stopwatch | undefined },
): Promise<number> {
  const begun = now();
  const speed = await measuredSpeed({ ...training, stopwatch: now });
  const left = seconds - secondsSince(begun, now);
  const work = training.learned.length + judging * validation;
  return Math.max(1, Math.floor((left * speed) / work));
}
