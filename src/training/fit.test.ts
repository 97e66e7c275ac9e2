/** Settings wired to a training: on an engine that answers at once or later, stopped and gone on, and with each use of validation. */
import { describe, expect, it } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { referenceEngine } from "../engine/reference/reference-engine.ts";
import { buildGraph } from "../network/graph.ts";
import { batchNorm, conv2d, dense, flatten, maxPool, normalize, relu } from "../network/layer.ts";
import { Random } from "../random.ts";
import type { Tensors } from "../tensor.ts";
import { type FitOptions, type Fitted, fit, resolvedSettings } from "./fit.ts";
import { parseSettings } from "./settings/parse.ts";
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
  const atOnce = ["setParameters", "setOptimizerState", "dispose"];
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

  it("takes a batch no larger than the images, and what the engine and the settings say", () => {
    const { engine, settings } = optionsFor();
    expect(resolvedSettings(engine, settings, 3)).toEqual({ batch: 3, precision: "f32", learningRate: 0.05 });
    expect(resolvedSettings(engine, settings, 13)).toEqual({ batch: 4, precision: "f32", learningRate: 0.05 });
  });
});
