/** Functions of the caller's own among the settings of a training: told from the settings, and checked. */
import { ArgumentError } from "../errors.ts";
import { type Callback, CallbackListener, type TrainingContext } from "../run/callback.ts";
import type { RunContext } from "../run/run-events.ts";
import { type OwnFunctions, refuseContradictions } from "../training/own-functions.ts";
import { metricName, metricNameInWords } from "../training/own-metrics.ts";
import type { ScheduleFunction, ScheduleName } from "../training/schedule.ts";
import type { Settings } from "../training/settings/schema.ts";
import type { TrainSettings } from "../training/settings/train-settings.ts";
import { contextKinds, expectArgument } from "./arguments.ts";
import { expectNetwork } from "./network-argument.ts";

/** Functions of the caller's own that a training calls. */
export interface TrainFunctions extends OwnFunctions {
  /** Sees every event of the run, and may end its training. */
  readonly callback?: Callback | undefined;
}

/** What a training is made of: settings, and functions of the caller's own in their place or beside them. */
export interface TrainOptions extends Omit<TrainSettings, "schedule">, Omit<TrainFunctions, "schedule"> {
  /**
   * How the learning rate goes on: `cosine` (the default) or `constant`, both after the warm-up; or a function that gives the factor of the
   * highest learning rate for every step, from 0 on, warm-up included.
   */
  readonly schedule?: ScheduleName | ScheduleFunction | undefined;
}

/** An example of each function, for the sentences that say how it is written. */
const examples = {
  schedule: "schedule: ({ step, totalSteps }) => 1 - step / totalSteps",
  loss: "loss: (logits, targets, classes, gradient) => value",
  metrics: "metrics: { errors: ({ probabilities, truth }) => number }",
  callback: 'callback: (event) => (event.kind === "epoch" && event.metrics.loss < 0.1 ? "stop" : undefined)',
} as const;

/** The names of the functions. */
export const functionNames = Object.keys(examples) as readonly (keyof TrainFunctions)[];

/** Throws a sentence where a function of the caller's own is none, or a metric has a name that files cannot hold. */
export function expectFunctions({ schedule, loss, metrics, callback }: TrainFunctions, of: string): void {
  for (const [name, value] of Object.entries({ schedule, loss, callback })) {
    const example = examples[name as keyof TrainFunctions];
    const isRight = value === undefined || typeof value === "function";
    expectArgument(isRight, value, { of: `${of}: ${name}`, expected: "a function", example });
  }
  const example = examples.metrics;
  if (metrics === undefined) return;
  const isObject = typeof metrics === "object" && metrics !== null && !Array.isArray(metrics);
  expectArgument(isObject, metrics, {
    of: `${of}: metrics`,
    expected: "an object of functions by their names",
    example,
  });
  for (const [name, metric] of Object.entries(metrics)) {
    expectArgument(metricName.test(name), name, { of: `${of}: metrics`, expected: metricNameInWords, example });
    const where = { of: `${of}: metrics: ${name}`, expected: "a function", example };
    expectArgument(typeof metric === "function", metric, where);
  }
}

/** What Keras calls an option that naevus has by another name. */
const kerasNames: Readonly<Record<string, string>> = {
  callbacks: "callback",
  batch_size: "batch",
  batchSize: "batch",
  learning_rate: "learningRate",
  lr: "learningRate",
  validation_split: "validation",
  validationSplit: "validation",
  class_weight: "imbalance",
  classWeight: "imbalance",
};

/** Throws a sentence where an option stands in the wrong argument, or has the name that it has in Keras. */
export function expectPlaces(options: object, context: unknown, of: string): void {
  const misplaced = (name: string, place: string) =>
    new ArgumentError(
      `${of}: ${name}: expected in the ${place} argument: ${of}(source, ${place === "third" ? "options, " : ""}{ ${name} })`,
    );
  for (const name of functionNames) if (Object.hasOwn(Object(context), name)) throw misplaced(name, "second");
  for (const name of Object.keys(contextKinds)) if (Object.hasOwn(options, name)) throw misplaced(name, "third");
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(kerasNames, name))
      throw new ArgumentError(`${of}: ${name}: unknown setting; naevus calls it ${kerasNames[name]}`);
  }
}

/** Settings without the functions among them, and these. Throws a sentence where one of them is no function, or a network none. */
export function separate(
  { schedule, loss, metrics, callback, network, ...settings }: TrainOptions,
  of: string,
): { readonly settings: TrainSettings; readonly functions: TrainFunctions } {
  const functions = { ...(typeof schedule === "function" && { schedule }), loss, metrics: someOf(metrics), callback };
  expectFunctions(functions, of);
  return {
    settings: {
      ...settings,
      network: expectNetwork(network, `${of}: network`),
      ...(typeof schedule !== "function" && { schedule }),
    },
    functions,
  };
}

/** No metrics are as good as none given. */
const someOf = (metrics: TrainFunctions["metrics"]) =>
  typeof metrics === "object" && metrics !== null && Object.keys(metrics).length === 0 ? undefined : metrics;

/** Throws SettingsError where functions and settings contradict each other. */
export const refuseFunctions = (functions: TrainFunctions, settings: Omit<Settings, "network">): void =>
  refuseContradictions(functions, settings, settings.validation > 0);

/** A context with functions of the caller's own, whose callback is told of every event. */
export function withFunctions<C extends RunContext>(
  context: C,
  { callback, ...functions }: TrainFunctions,
): Omit<C, "callback"> & TrainingContext {
  if (callback === undefined) return { ...context, ...functions, callback };
  const listener = new CallbackListener(callback);
  const onEvent: RunContext["onEvent"] = (event) => {
    context.onEvent?.(event);
    if (event.kind !== "epoch") listener.tell(event);
  };
  return { ...context, ...functions, callback: listener, onEvent };
}
