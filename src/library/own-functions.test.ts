/** Functions of a program's own in `train`, `resume` and `crossValidate`: called, recorded, asked for again, and the same bits after a kill. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { type LossFunction, trainingLoss } from "../engine/loss.ts";
import { ArgumentError, RunError, SettingsError } from "../errors.ts";
import { evaluateClassification } from "../evaluation/judgement/evaluation.ts";
import { imageInput, networkNames } from "../network/architectures.ts";
import { buildGraph } from "../network/graph.ts";
import { dense, flatten, normalize } from "../network/layer.ts";
import { readConfig } from "../run/folder/run-config.ts";
import type { RunEvent } from "../run/run-events.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { crossValidate } from "./cross-validate.ts";
import type { TrainOptions } from "./own-functions.ts";
import { type ResumeContext, resume, train } from "./train.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
let out: string;
let runs = 0;
/** Three steps an epoch. */
let settings: TrainOptions;

beforeAll(() => writePhantomDataset(data, { images: 48, size: 8, seed: 1 }));
beforeEach(() => {
  out = join(folder, `run${++runs}`);
  settings = {
    engine: "reference",
    imageSize: 8,
    batch: 8,
    epochs: 4,
    seed: 3,
    validation: 0.3,
    tensorboard: true,
    cache: join(folder, "cache"),
    out,
  };
});

/** Half of the squared distance between probabilities and targets, the mean over rows. */
const brier: LossFunction = (logits, targets, classes, gradient) => {
  const rows = logits.length / classes;
  let value = 0;
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    const exponentials = Array.from({ length: classes }, (_, c) => Math.exp(logits[at + c]!));
    const sum = exponentials.reduce((total, one) => total + one, 0);
    const p = exponentials.map((one) => one / sum);
    const distances = p.map((probability, c) => probability - targets[at + c]!);
    value += distances.reduce((total, distance) => total + distance ** 2, 0) / 2;
    const mean = distances.reduce((total, distance, c) => total + distance * p[c]!, 0);
    for (let c = 0; c < classes; c++) gradient[at + c] = (p[c]! * (distances[c]! - mean)) / rows;
  }
  return value / rows;
};

const own = {
  schedule: ({ step, totalSteps }) => 1 - step / totalSteps,
  metrics: {
    "balanced accuracy": (judged) => evaluateClassification({ protocol: "validation", ...judged }).balancedAccuracy,
    nothing: () => null,
  },
} satisfies TrainOptions;

/** Of a run: all that must be the same, however often it was stopped. */
async function contentOf(run: string): Promise<readonly unknown[]> {
  const files = ["model.onnx", "metrics.jsonl", "checkpoint.safetensors"];
  const [model, metrics, checkpoint] = await Promise.all(files.map((name) => readFile(join(run, name), "latin1")));
  const timeless = (text: string) =>
    text.replaceAll(/"(seconds|imagesPerSecond|sha256|digest)":("[^"]*"|[\d.e+-]+)/g, "");
  return [model, timeless(metrics!), checkpoint!.slice(-2000)];
}

/** Stops a training after so many steps. */
function stoppingAfter(steps: number) {
  const stop = new AbortController();
  let done = 0;
  return {
    signal: stop.signal,
    onEvent: ({ kind }: RunEvent) => void (kind === "step" && ++done === steps && stop.abort()),
  };
}

describe("schedule and metrics", () => {
  it("decide rates and stand in the history, and the run is the same after stops at any step", async () => {
    const whole = await train(data, { ...settings, ...own });
    expect(whole.finished).toBe(true);
    const steps = 4 * Math.round(whole.history[0]!.images / 8);
    expect(whole.history.at(-1)!.learningRate).toBeCloseTo(0.001 / steps, 12);
    for (const { metrics } of whole.history) {
      expect(Object.keys(metrics!)).toEqual(["balanced accuracy", "nothing"]);
      expect(metrics!["balanced accuracy"]).toBeGreaterThanOrEqual(0);
      expect(metrics!.nothing).toBeNull();
    }
    const events = await readFile(join(out, "events.out.tfevents.naevus"), "latin1");
    expect(events).toContain("metrics/balanced accuracy");
    expect(events).not.toContain("metrics/nothing");
    const config = JSON.parse(await readFile(join(out, "config.json"), "utf8"));
    expect(config.settings).not.toHaveProperty("schedule");
    expect(config.functions).toEqual({
      schedule: expect.stringMatching(/^[0-9a-f]{64}$/),
      metrics: { "balanced accuracy": expect.any(String), nothing: expect.any(String) },
    });

    const stopped = join(folder, "stopped");
    let { finished } = await train(data, { ...settings, ...own, out: stopped }, stoppingAfter(2));
    while (!finished) ({ finished } = await resume(stopped, { ...own, ...stoppingAfter(2) }));
    expect(await contentOf(stopped)).toEqual(await contentOf(out));
  });
});

describe("loss", () => {
  it("takes the place of the built-in one, to the last bit where it computes the same", async () => {
    const plain = { ...settings, validation: 0, epochs: 2 };
    await train(data, plain);
    const own = join(folder, "own-loss");
    const loss: LossFunction = (logits, targets, classes, gradient) =>
      trainingLoss(logits, targets, classes, {}, gradient);
    await train(data, { ...plain, loss, out: own });
    expect(await contentOf(own)).toEqual(await contentOf(out));
  });

  it("judges the validation images too, chooses the epoch, and is the same after stops at any step", async () => {
    const calls: [rows: number, value: number][] = [];
    const loss: LossFunction = (...values) => {
      const value = brier(...values);
      calls.push([values[0].length / values[2], value]);
      return value;
    };
    const { history, run } = await train(data, { ...settings, loss });
    const config = await readConfig(run);
    const judged = calls.filter(([rows]) => rows === config.data.validation).map(([, value]) => value);
    expect(config.data.validation).not.toBe(8);
    expect(history.map(({ validationLoss }) => validationLoss)).toEqual(judged);
    expect(history.every(({ loss }) => loss > 0 && loss < 1)).toBe(true);
    expect(config.functions).toEqual({ loss: expect.any(String) });

    const stopped = join(folder, "stopped-loss");
    let { finished } = await train(data, { ...settings, loss: brier, out: stopped }, stoppingAfter(2));
    await expect(resume(stopped)).rejects.toThrow("with functions of its own (loss), which no file holds");
    while (!finished) ({ finished } = await resume(stopped, { loss: brier, ...stoppingAfter(2) }));
    expect(await contentOf(stopped)).toEqual(await contentOf(out));
  });

  it("is named where it gives no finite number", async () => {
    const loss: LossFunction = (_, __, ___, gradient) => {
      gradient.fill(0);
      return Number.NaN;
    };
    await expect(train(data, { ...settings, loss })).rejects.toThrow(
      "the loss became NaN in epoch 1, step 1; check the loss function, or train again with a lower learning rate",
    );
  });
});

describe("resume", () => {
  beforeEach(async () => {
    await train(data, { ...settings, ...own }, stoppingAfter(1));
  });

  it.each<[string, ResumeContext, string]>([
    ["nothing", {}, "(schedule, metrics.balanced accuracy, metrics.nothing)"],
    ["no schedule", { metrics: own.metrics }, "(schedule)"],
    ["one metric of two", { ...own, metrics: { nothing: () => null } }, "(metrics.balanced accuracy)"],
  ])("asks for the functions again where it is given %s", async (_, given, names) => {
    await expect(resume(out, given)).rejects.toThrow(RunError);
    await expect(resume(out, given)).rejects.toThrow(
      `${out}: it was begun by a program with functions of its own ${names}, which no file holds; give them again, from that program: resume(`,
    );
  });

  it("refuses functions that the run began without", async () => {
    await expect(resume(out, { ...own, loss: brier })).rejects.toThrow(
      `${out}: it was begun without functions for loss; leave them out, or start a new run with them`,
    );
  });

  it("warns of a function whose source text is another", async () => {
    const warnings: string[] = [];
    const onEvent = (event: RunEvent) => void (event.kind === "warning" && warnings.push(event.message));
    await resume(out, { ...own, schedule: () => 1, onEvent });
    expect(warnings).toEqual([expect.stringContaining("other functions (by their source text): schedule; what it")]);
  });
});

describe("callback", () => {
  it('sees what onEvent sees, and ends the training by "stop" as if the epoch had been the last', async () => {
    const seen: RunEvent[] = [];
    const shown: RunEvent[] = [];
    const callback = (event: RunEvent) => {
      seen.push(event);
      return event.kind === "step" && event.epoch === 2 && event.step === 1 ? "stop" : undefined;
    };
    const result = await train(data, { ...settings, callback }, { onEvent: (event) => void shown.push(event) });
    expect(result).toMatchObject({ finished: true, epochs: 2 });
    expect((await readFile(result.model!)).length).toBeGreaterThan(1000);
    expect(result.history.map(({ ended }) => ended)).toEqual([undefined, true]);
    const kinds = (events: readonly RunEvent[]) => events.map(({ kind }) => kind);
    expect(kinds(seen)).toEqual(kinds(shown));
    expect(kinds(seen)).toContain("packing");
  });

  it("ends where it says so of an epoch, also when the process was killed before the model was written", async () => {
    const callback = async (event: RunEvent) => {
      await new Promise(setImmediate);
      return event.kind === "epoch" && event.metrics.epoch === 2 ? ("stop" as const) : undefined;
    };
    await train(data, { ...settings, callback });
    const stopped = join(folder, "ended");
    // The checkpoint is there, and the model is not: as after a kill between the two.
    const killed = new Error("killed");
    const onEvent = (event: RunEvent) => {
      if (event.kind === "epoch" && event.metrics.ended) throw killed;
    };
    await expect(train(data, { ...settings, callback, out: stopped }, { onEvent })).rejects.toBe(killed);
    const resumed = await resume(stopped);
    expect(resumed).toMatchObject({ finished: true, epochs: 2 });
    expect(await contentOf(stopped)).toEqual(await contentOf(out));
  });

  it("passes what it throws as it is, at once or later, and leaves the run as at its last checkpoint", async () => {
    const whole = join(folder, "whole");
    await train(data, { ...settings, out: whole });
    const failure = new Error("mine");
    const fails = (event: RunEvent) => event.kind === "epoch" && event.metrics.epoch === 3;
    for (const callback of [
      (event: RunEvent) => {
        if (fails(event)) throw failure;
      },
      async (event: RunEvent) => {
        await new Promise(setImmediate);
        if (fails(event)) throw failure;
      },
    ]) {
      const run = join(folder, `failed${++runs}`);
      await expect(train(data, { ...settings, callback, out: run })).rejects.toBe(failure);
      expect((await readFile(join(run, "metrics.jsonl"), "utf8")).trim().split("\n")).toHaveLength(2);
      const warnings: string[] = [];
      const onEvent = (event: RunEvent) => void (event.kind === "warning" && warnings.push(event.message));
      expect((await resume(run, { onEvent })).epochs).toBe(4);
      expect(warnings).toEqual([expect.stringContaining("begun with a callback")]);
      expect(await contentOf(run)).toEqual(await contentOf(whole));
    }
  });

  it("throws what it throws while images are read, and what it promised then", async () => {
    const failure = new Error("mine");
    for (const callback of [
      (event: RunEvent) => {
        if (event.kind === "packing") throw failure;
      },
      async (event: RunEvent) => {
        if (event.kind === "packing") throw failure;
      },
    ]) {
      const cache = join(folder, `cache${++runs}`);
      await expect(train(data, { ...settings, cache, out: join(folder, `packing${runs}`), callback })).rejects.toBe(
        failure,
      );
    }
  });

  it.each([true, "halt"])("refuses the answer %j", async (answer) => {
    const callback = (() => answer) as unknown as () => "stop";
    await expect(train(data, { ...settings, callback })).rejects.toThrow(
      new ArgumentError(`callback: expected nothing or "stop", got ${JSON.stringify(answer)}`),
    );
  });
});

it("crossValidate gives every fold its functions, and goes on with them", async () => {
  const ended: number[] = [];
  const callback = (event: RunEvent) => {
    if (event.kind !== "epoch") return;
    ended.push(event.metrics.epoch);
    return event.metrics.epoch === 2 ? ("stop" as const) : undefined;
  };
  const whole = await crossValidate(data, { ...settings, ...own, callback }, { folds: 2 });
  expect(ended).toEqual([1, 2, 1, 2]);
  const stopped = join(folder, "folds");
  const begun = await crossValidate(
    data,
    { ...settings, ...own, callback, out: stopped },
    { folds: 2, ...stoppingAfter(1) },
  );
  expect(begun.evaluation).toBeUndefined();
  await expect(crossValidate(data, { ...settings, metrics: own.metrics, out: stopped }, { folds: 2 })).rejects.toThrow(
    "it was begun by a program with functions of its own (schedule)",
  );
  const { evaluation } = await crossValidate(data, { ...settings, ...own, callback, out: stopped }, { folds: 2 });
  expect(evaluation).toEqual(whole.evaluation);
});

it.each<[TrainOptions, string]>([
  [{ metrics: { one: () => 1 }, validation: 0 }, "metrics: they are computed on validation images"],
  [{ loss: brier, imbalance: "focal" }, "imbalance: focal changes the cross-entropy, and loss is a function"],
  [{ loss: brier, labelSmoothing: 0.1 }, "labelSmoothing: 0.1 changes the targets of the cross-entropy, and loss"],
])("refuses %o before anything is opened", async (options, sentence) => {
  const nowhere = join(folder, "nowhere");
  for (const training of [train(nowhere, options), crossValidate(nowhere, options)]) {
    const error = await training.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SettingsError);
    expect((error as Error).message).toContain(sentence);
  }
});

it.each<[unknown, string]>([
  [
    { loss: "mse" },
    'train: loss: expected a function, got "mse"; such as loss: (logits, targets, classes, gradient) => value',
  ],
  [
    { callback: [() => {}] },
    "train: callback: expected a function, got a list of 1, the first of them a function; such as callback:",
  ],
  [
    { metrics: ["accuracy"] },
    'train: metrics: expected an object of functions by their names, got a list of 1, the first of them "accuracy"',
  ],
  [
    { metrics: { "a/b": () => 1 } },
    "train: metrics: expected a name of at most 60 letters, digits, spaces and _.@%()+-",
  ],
  [{ metrics: JSON.parse('{"__proto__": 1}') }, 'which begins with a letter or a digit, got "__proto__"'],
  [{ metrics: { f1: 0.5 } }, "train: metrics: f1: expected a function, got 0.5"],
])("says what is wrong with %o", async (options, sentence) => {
  await expect(train(data, options as TrainOptions)).rejects.toThrow(ArgumentError);
  await expect(train(data, options as TrainOptions)).rejects.toThrow(sentence);
});

it.each<[unknown, unknown, string]>([
  [{ batchSize: 32 }, {}, "train: batchSize: unknown setting; naevus calls it batch"],
  [{ callbacks: [] }, {}, "train: callbacks: unknown setting; naevus calls it callback"],
  [{}, { callback: () => {} }, "train: callback: expected in the second argument: train(source, { callback })"],
  [{ onEvent: () => {} }, {}, "train: onEvent: expected in the third argument: train(source, options, { onEvent })"],
])("says where options go and what they are called: %o, %o", async (options, context, sentence) => {
  await expect(train(data, options as TrainOptions, context as object)).rejects.toThrow(new ArgumentError(sentence));
});

describe("network", () => {
  const layers = [normalize(), flatten(), dense(2)];
  const whole = { name: "own", input: imageInput(8), layers };
  class Sequential {
    readonly layers = layers;
  }
  const one = `expected one of ${networkNames.join(", ")}, a network, or a function that gives one, got `;
  it.each<[string, unknown, string]>([
    [
      "a list of layers",
      layers,
      `${one}a list of 3, the first of them an object; if it holds the layers, give { name, input:`,
    ],
    [
      "an object of a class",
      new Sequential(),
      `${one}an object of the class Sequential without name, input; such as {`,
    ],
    ["a class", Sequential, `${one}a class; give what it makes`],
    ["a promise", Promise.resolve(whole), `${one}a promise (await it first)`],
    [
      "what Keras writes",
      { class_name: "Sequential", config: {} },
      `${one}Keras's description of a model; write its layers`,
    ],
    ["a graph", buildGraph(whole), `${one}a graph; give its network (graph.network)`],
    ["a layer", dense(2), `${one}one layer ("dense"); give {`],
    ["a module", { default: () => whole }, `${one}a module; give its default export`],
    ["a function that gives nothing", () => {}, "expected the function to give a network, got nothing; such as {"],
    ["a function that gives a list", async () => layers, "expected the function to give a network, got a list of 3"],
  ])("says what is wrong with %s", async (_, network, sentence) => {
    const training = train(data, { ...settings, network } as TrainOptions);
    await expect(training).rejects.toThrow(ArgumentError);
    await expect(training).rejects.toThrow(`train: network: ${sentence}`);
  });
});
