/** Settings wired to a training: on an engine that answers at once or later, stopped and gone on, and with each use of validation. */
import { describe, expect, it } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { referenceEngine } from "../engine/reference/reference-engine.ts";
import { TrainingError } from "../errors.ts";
import { buildGraph } from "../network/graph.ts";
import { batchNorm, conv2d, dense, flatten, maxPool, normalize, relu } from "../network/layer.ts";
import { Random } from "../random.ts";
import type { Tensors } from "../tensor.ts";
import { type FitOptions, type Fitted, fit, resolvedSettings } from "./fit.ts";
import { parseSettings } from "./settings/parse.ts";
import type { SettingsInput } from "./settings/schema.ts";
import type { TrainingState } from "./training-state.ts";

const classes = 3;
const bytes = 6 * 6 * 3;
const graph = buildGraph({
  name: "small",
  input: { channels: 3, height: 6, width: 6 },
  layers: [normalize(), conv2d(4, 3), batchNorm(), relu(), maxPool(2), flatten(), dense(classes)],
});

function imagesOf(seed: number, count: number) {
  const random = Random.of(seed);
  const pixels = new Uint8Array(count * bytes).map(() => random.integer(256));
  return {
    labels: Array.from({ length: count }, (_, i) => i % classes),
    read: (rows: ArrayLike<number>, out: Uint8Array) => {
      for (let i = 0; i < rows.length; i++)
        out.set(pixels.subarray(rows[i]! * bytes, (rows[i]! + 1) * bytes), i * bytes);
    },
  };
}

const validation = { ...imagesOf(2, 9), use: "choose" } as const;

const optionsFor = (changes: Partial<FitOptions> = {}): FitOptions => ({
  engine: referenceEngine(),
  graph,
  settings: parseSettings({ epochs: 4, batch: 4, seed: 5, learningRate: 0.05, averaging: 0.5, checkpointSeconds: 1 }),
  images: imagesOf(1, 13),
  stopwatch: () => 0,
  ...changes,
});

/** All methods of an object but `dispose` and those that only take something in give promises. */
function later<P extends object>(plan: P): P {
  const atOnce = ["setParameters", "setOptimizerState", "setAverage", "restore", "dispose"];
  return new Proxy(plan, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return atOnce.includes(String(name))
        ? value.bind(target)
        : async (...values: unknown[]) => {
            await new Promise(setImmediate);
            return value.apply(target, values);
          };
    },
  });
}

const engineThatAnswersLater = (engine: Engine): Engine => ({
  description: engine.description,
  inferencePlan: (...values) => later(engine.inferencePlan(...values)),
  trainingPlan: (...values) => later(engine.trainingPlan(...values)),
});

const numbers = (tensors: Tensors) => [...tensors].map(([name, { data }]) => [name, ...data]);
const comparable = ({ parameters, progress, logits, finished }: Fitted) => ({
  parameters: numbers(parameters),
  progress,
  logits: logits && [...logits],
  finished,
});

describe("fit", () => {
  it("gives the same on an engine that answers later", async () => {
    const engine = engineThatAnswersLater(referenceEngine());
    expect(
      engine.trainingPlan(graph, { batch: 2, optimizer: { kind: "sgd", momentum: 0, weightDecay: 0 } }).parameters(),
    ).toBeInstanceOf(Promise);
    const expected = comparable(await fit(optionsFor({ validation })));
    expect(expected.logits).toHaveLength(9 * classes);
    expect(expected.progress.best).toBeDefined();
    expect(comparable(await fit(optionsFor({ validation, engine })))).toEqual(expected);
  });

  it("gives the same where it is stopped after every step and goes on from what was saved", async () => {
    const expected = comparable(await fit(optionsFor({ validation })));
    let saved: TrainingState | undefined;
    let result: Fitted | undefined;
    let stops = 0;
    for (; !result?.finished; stops++) {
      const stop = new AbortController();
      result = await fit(
        optionsFor({
          validation,
          restore: async () => saved,
          save: async (state) => {
            saved = structuredClone(state);
          },
          onStep: () => stop.abort(),
          signal: stop.signal,
        }),
      );
      if (!result.finished) expect(result.logits).toBeUndefined();
    }
    expect(stops).toBe(12);
    expect(comparable(result)).toEqual(expected);
  });

  it("judges validation images as its use says", async () => {
    const [choose, watch, end] = await Promise.all(
      (["choose", "watch", "end"] as const).map((use) => fit(optionsFor({ validation: { ...validation, use } }))),
    );
    const losses = ({ progress }: Fitted) => progress.history.map(({ validationLoss }) => validationLoss);
    expect(losses(watch!)).toEqual(losses(choose!));
    expect(losses(end!)).toEqual([undefined, undefined, undefined, undefined]);
    expect(choose!.progress.best).toBeDefined();
    expect(watch!.progress.best).toBeUndefined();
    // Nothing is chosen where validation is only watched, or comes at the end.
    const without = await fit(optionsFor());
    expect(without.logits).toBeUndefined();
    for (const { parameters } of [watch!, end!]) expect(numbers(parameters)).toEqual(numbers(without.parameters));
    expect([...watch!.logits!]).toEqual([...end!.logits!]);
  });

  it("asks functions of the program's own for rates and metrics, and ends where it is told to, stopped between or not", async () => {
    const own: Partial<FitOptions> = {
      validation,
      schedule: ({ epoch }) => 1 / (epoch + 1),
      metrics: {
        "largest probability": ({ probabilities }) => Math.max(...probabilities),
        none: () => null,
      },
      classes: ["a", "b", "c"],
      endsAfter: async ({ epoch }) => epoch === 3,
    };
    const whole = await fit(optionsFor(own));
    const { history } = whole.progress;
    expect(whole.finished).toBe(true);
    expect(history.map(({ learningRate, ended }) => [learningRate, ended])).toEqual([
      [0.05, undefined],
      [0.05 / 2, undefined],
      [0.05 / 3, true],
    ]);
    const values = history.map(({ metrics }) => metrics!["largest probability"]!);
    expect(values.every((value) => value > 1 / classes && value <= 1)).toBe(true);
    expect(history[0]!.metrics!.none).toBeNull();

    let saved: TrainingState | undefined;
    let result: Fitted | undefined;
    let asked = 0;
    while (!result?.finished) {
      const stop = new AbortController();
      result = await fit(
        optionsFor({
          ...own,
          endsAfter: async ({ epoch }) => {
            asked++;
            return epoch === 3;
          },
          restore: async () => saved,
          save: async (state) => {
            saved = structuredClone(state);
          },
          onStep: () => stop.abort(),
          signal: stop.signal,
        }),
      );
    }
    expect(comparable(result)).toEqual(comparable(whole));
    expect(asked).toBe(3);
    // Begun again from what was saved last, it knows that it has ended.
    const again = await fit(
      optionsFor({ ...own, restore: async () => saved, endsAfter: async () => expect.unreachable() }),
    );
    expect(comparable(again)).toEqual(comparable(whole));
  });

  it("waits for what a step's hook promises", async () => {
    const order: string[] = [];
    const onStep = async ({ step }: { readonly step: number }) => {
      order.push(`begun ${step}`);
      await new Promise(setImmediate);
      order.push(`done ${step}`);
    };
    await fit(optionsFor({ onStep, settings: parseSettings({ epochs: 1, batch: 4 }) }));
    expect(order).toEqual([1, 2, 3].flatMap((step) => [`begun ${step}`, `done ${step}`]));
  });

  it.each([
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
    [undefined, "nothing"],
    ["0.5", '"0.5"'],
    [Promise.resolve(1), "a promise (await it first)"],
  ])("refuses a metric that gives %s", async (value, words) => {
    await expect(fit(optionsFor({ validation, metrics: { mine: () => value as number } }))).rejects.toThrow(
      new TrainingError(
        `metrics: mine gave ${words} after epoch 1; expected a finite number, or null where there is none`,
      ),
    );
  });

  it("throws what a function of the program's own throws", async () => {
    const failure = new Error("mine");
    const fail = () => {
      throw failure;
    };
    for (const own of [{ schedule: fail }, { metrics: { fail } }, { endsAfter: fail }, { onStep: fail }])
      await expect(fit(optionsFor({ validation, ...own }))).rejects.toBe(failure);
  });

  it.each<[Partial<SettingsInput>, string]>([
    [{ imbalance: "classWeights" }, "imbalance: classWeights changes the cross-entropy, and loss is a function"],
    [{ imbalance: "effectiveNumber" }, "imbalance: effectiveNumber changes the cross-entropy, and loss"],
    [{ imbalance: "focal" }, "imbalance: focal changes the cross-entropy, and loss is a function of your own"],
    [{ imbalance: "logitAdjustment" }, "imbalance: logitAdjustment changes the cross-entropy, and loss"],
    [{ labelSmoothing: 0.1 }, "labelSmoothing: 0.1 changes the targets of the cross-entropy, and loss is a function"],
  ])("refuses a loss of one's own with %o", async (changes, sentence) => {
    const settings = parseSettings({ batch: 4, ...changes });
    await expect(fit(optionsFor({ settings, loss: () => 0 }))).rejects.toThrow(sentence);
  });

  it("refuses metrics without images that are validated after every epoch", async () => {
    const metrics = { one: () => 1 };
    const sentence = "metrics: they are computed on validation images after every epoch, and there are none";
    await expect(fit(optionsFor({ metrics }))).rejects.toThrow(sentence);
    await expect(fit(optionsFor({ metrics, validation: { ...validation, use: "end" } }))).rejects.toThrow(sentence);
  });

  it("takes a batch no larger than the images, and what the engine and the settings say", () => {
    const { engine, settings } = optionsFor();
    expect(resolvedSettings(engine, settings, 3)).toEqual({ batch: 3, precision: "f32", learningRate: 0.05 });
    expect(resolvedSettings(engine, settings, 13)).toEqual({ batch: 4, precision: "f32", learningRate: 0.05 });
  });
});
