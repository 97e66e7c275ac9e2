/** Kills of processes at drawn moments: whatever a run or a study was doing, it ends in the same bits as one that was never killed. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { isTemporary } from "../disk/files.ts";
import { onednnEngines } from "../engine/testing/engines-under-test.ts";
import { type AugmentationPolicy, affine, colour, dihedral, erase } from "../image/augmentation/policy.ts";
import { imageInput } from "../network/architectures.ts";
import {
  batchNorm,
  conv2d,
  dense,
  dropout,
  gate,
  globalAveragePool,
  type Network,
  normalize,
  relu,
  residual,
  sigmoid,
} from "../network/layer.ts";
import { Random } from "../random.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { SettingsInput } from "../training/settings/schema.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = temporaryFolder();
const data = join(folder, "data");
/** Of which every class has several images, so that folds can be made. */
const studyData = join(folder, "study-data");
const program = join(folder, "child.mjs");
/** A run on whose model others go on. */
const parent = join(folder, "parent");

/** Trains, resumes or studies, and writes the kind of each event in a line. */
const child = `
  import { existsSync, readdirSync } from "node:fs";
  import { crossValidate, openDataset, resume, study, train } from "./dist/index.js";
  const [what, json, writes] = process.argv.slice(2);
  const { data, out, settings, isOwn } = JSON.parse(json);
  // As a program would write them: the loss has a weight per class, the schedule halves, the metric looks at the validation images.
  const functions = isOwn && {
    loss: (logits, targets, classes, gradient) => {
      const images = logits.length / classes;
      let sum = 0;
      for (let i = 0; i < images; i++) {
        const row = logits.subarray(i * classes, (i + 1) * classes);
        const most = Math.max(...row);
        const whole = row.reduce((total, value) => total + Math.exp(value - most), 0);
        for (let c = 0; c < classes; c++) {
          const [at, weight] = [i * classes + c, (1 + (c % 3)) / images];
          const probability = Math.exp(row[c] - most) / whole;
          sum -= weight * targets[at] * Math.log(probability);
          gradient[at] = weight * (probability - targets[at]);
        }
      }
      return sum;
    },
    schedule: ({ step }) => 0.5 ** Math.floor(step / 4),
    metrics: { mean: ({ probabilities }) => probabilities.reduce((sum, value) => sum + value * value, 0) },
    callback: ({ kind, epoch }) => (kind === "epoch" && epoch === 5 ? "stop" : undefined),
  };
  // Nobody else is fast enough to meet the middle of a write for certain.
  const killInWrite = (left, before) => {
    const checkpoint = existsSync(out) && readdirSync(out).find((name) => name.startsWith(".checkpoint."));
    if (checkpoint && checkpoint !== before && --left === 0) process.kill(process.pid, "SIGKILL");
    setImmediate(killInWrite, left, checkpoint || before).unref();
  };
  if (writes) killInWrite(Number(writes));
  let sent = 0;
  const onEvent = ({ kind }) => process.stdout.write(kind + "\\n");
  const tasks = {
    train: async () => train(await openDataset(data, settings), { ...settings, ...functions, data, out }, { onEvent }),
    resume: () => resume(out, { ...functions, onEvent }),
    crossValidate: () => crossValidate(data, { ...settings, out }, { folds: 3, onEvent }),
    // Moves on by as much each time it is looked at, so that the same epochs are planned on every machine.
    study: () => study({ data, out, budget: 0.02, settings, onEvent, stopwatch: () => (sent += 10) }),
  };
  await tasks[what]();
`;

interface Task {
  readonly data: string;
  readonly out: string;
  readonly settings: SettingsInput;
  /** Whether loss, schedule, metrics and a callback are the program's own. */
  readonly isOwn?: boolean;
}

type OnEvent = (kind: string, child: ChildProcess) => void;

/** What kills the program: somebody who sees what it tells of, or itself, as it writes its so many-th checkpoint. */
type Kill = OnEvent | { readonly write: number };

/** Runs the program. */
async function start(
  what: "train" | "resume" | "study" | "crossValidate",
  task: Task,
  kill: Kill = () => {},
): Promise<{ readonly status: number | null; readonly signal: NodeJS.Signals | null; readonly error: string }> {
  const [onEvent, writes]: [OnEvent, string[]] =
    typeof kill === "function" ? [kill, []] : [() => {}, [`${kill.write}`]];
  const started = spawn(process.execPath, [program, what, JSON.stringify(task), ...writes], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onEvent("start", started);
  createInterface({ input: started.stdout }).on("line", (line) => onEvent(line, started));
  let error = "";
  started.stderr.on("data", (text) => {
    error += text;
  });
  return new Promise((done) => started.on("close", (status, signal) => done({ status, signal, error })));
}

/** Kills when so many events of a kind were told, and some milliseconds went by. */
function killAfter(kinds: readonly string[], events: number, milliseconds: number): OnEvent {
  let left = events;
  return (kind, process) => {
    if (kinds.includes(kind) && left-- === 1) void pause(milliseconds).then(() => process.kill("SIGKILL"));
  };
}

beforeAll(async () => {
  // Node 20 runs no TypeScript. All modules are needed, as threads begin in some that nothing imports.
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const build = ["--project", join(root, "tsconfig.build.json"), "--outDir", join(folder, "dist")];
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...build], { encoding: "utf8", cwd: root });
  expect(status, stdout).toBe(0);
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  writeFileSync(program, child);
  await writePhantomDataset(data, { images: 60, size: 24, seed: 5 });
  await writePhantomDataset(studyData, { images: 150, size: 24, seed: 1 });
  writeFileSync(join(folder, "map.csv"), "class,becomes\nmelanoma,malignant\nbasal cell carcinoma,malignant\nnevus,\n");
  const settings = { ...small, network: ownNetwork, epochs: 2, cache: join(folder, "cache-parent") };
  expect(await start("train", { data: studyData, out: parent, settings })).toMatchObject({ status: 0, error: "" });
});

/** What a run is, but for its times and its places. */
function outcome(run: string) {
  const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  return {
    model: readFileSync(join(run, "model.onnx")).toString("base64"),
    images: readFileSync(join(run, "images.csv"), "utf8"),
    metrics: lines.map((line) => {
      const { seconds: _, imagesPerSecond: __, digest: ___, ...figures } = JSON.parse(line);
      return figures;
    }),
    files: readdirSync(run).sort(),
  };
}

const small = { imageSize: 24, batch: 8, epochs: 6, seed: 11, checkpointSeconds: 0.001, threads: 1 } as const;
/** A network of one's own for grey rectangles, with a branch, a gate and dropout. */
const ownNetwork: Network = {
  name: "own",
  input: imageInput([24, 24], 1),
  layers: [
    normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
    conv2d(8, 3, { stride: 2, bias: false }),
    batchNorm(),
    relu(),
    residual([conv2d(8, 3, { bias: false }), batchNorm(), gate([globalAveragePool(), dense(8), sigmoid()])]),
    relu(),
    globalAveragePool(),
    dropout(0.3),
    dense(9),
  ],
};
const ownPolicy: AugmentationPolicy = {
  fill: "reflect",
  steps: [dihedral(), affine({ rotation: 20 }), colour({ brightness: 0.2 }), erase({ probability: 0.5 })],
};

const engine = onednnEngines.length > 0 ? "onednn" : "reference";
const bf16 = onednnEngines.some(({ precision }) => precision === "bf16") ? "bf16" : "f32";

/** Networks, precisions, augmentations, losses and protocols that together keep every kind of state there is. */
const configurations: Readonly<Record<string, SettingsInput>> = {
  plain: { engine: "reference", network: "notebook", epochs: 4 },
  mixed: { engine, network: "notebook", precision: "f32", augmentation: "strong", mixup: 0.4, cutmix: 1 },
  averaged: { engine, network: "notebook", precision: bf16, averaging: 0.9, imbalance: "oversample", threads: 2 },
  validated: {
    engine,
    network: "notebook",
    validation: 0.2,
    patience: 3,
    imbalance: "logitAdjustment",
    tensorboard: true,
  },
  grouped: { engine, network: "notebook", protocol: "grouped:3", fold: 1, imbalance: "focal", optimizer: "sgd" },
  residual: {
    engine,
    network: "resnet18-w32",
    optimizer: "adamW",
    stochasticDepth: 0.2,
    labelSmoothing: 0.1,
    imbalance: "undersample",
    augmentation: "standard",
    epochs: 4,
  },
  own: {
    engine,
    network: ownNetwork,
    imageSize: "24x16",
    geometry: "fill",
    augmentation: ownPolicy,
    stochasticDepth: 0.2,
    precision: bf16,
  },
  from: { engine, from: parent, freeze: 3, averaging: 0.9, validation: 0.2, classMap: join(folder, "map.csv") },
  functions: { engine, network: ownNetwork, validation: 0.3 },
};

/** What a run goes on from is away while it is resumed. */
const away = join(folder, "away");
const isAway = (is: boolean) => {
  if (existsSync(is ? parent : away)) renameSync(...((is ? [parent, away] : [away, parent]) as [string, string]));
};

type Moment = (random: Random) => Kill;
const atStart: Moment = (random) => killAfter(["start"], 1, 100 + random.integer(600));
const inPreparation: Moment = (random) => killAfter(["packing", "begin"], 1 + random.integer(20), random.integer(20));
const inStep: Moment = (random) => killAfter(["step"], 1 + random.integer(2), random.integer(3));
/** A checkpoint is written after each step. */
const inCheckpoint: Moment = (random) => killAfter(["step"], 1 + random.integer(2), 1 + random.integer(8));
const inWrite: Moment = (random) => ({ write: 1 + random.integer(2) });
/** A run that is trained to its end writes its model again. */
const inModel: Moment = (random) => killAfter(["begin"], 1, random.integer(12));

const moments = [
  ...[atStart, inPreparation, inStep, inStep, inStep],
  ...[atStart, inCheckpoint, inCheckpoint, inWrite, inModel],
];

describe("a run that is killed", () => {
  const totals = { kills: 0, inWrites: 0, different: [] as string[], failed: [] as string[] };

  it.each(Object.entries(configurations))("ten times resumes to the same bits: %s", async (name, own) => {
    const random = Random.of(60, Object.keys(configurations).indexOf(name));
    const settings = { ...small, ...own };
    const taskOf = (place: string): Task => ({
      data,
      out: join(folder, `${name}-${place}`),
      settings: { ...settings, cache: join(folder, `cache-${name}-${place}`) },
      isOwn: name === "functions",
    });
    const [whole, killed] = [taskOf("whole"), taskOf("killed")];
    isAway(false);
    expect(await start("train", whole)).toMatchObject({ status: 0, error: "" });
    const goOn = (kill?: Kill) => {
      const isBegun = existsSync(join(killed.out, "config.json"));
      isAway(isBegun);
      return start(isBegun ? "resume" : "train", killed, kill);
    };
    const compare = () => {
      const [expected, got] = [outcome(whole.out), outcome(killed.out)];
      if (JSON.stringify(got) !== JSON.stringify(expected)) totals.different.push(name);
      expect(got).toEqual(expected);
    };
    let kills = 0;
    for (let tries = 0; kills < moments.length && tries < 3 * moments.length; tries++) {
      const moment = moments[kills]!;
      if (moment === inModel && !existsSync(join(killed.out, "model.onnx"))) await goOn();
      const { signal, status, error } = await goOn(moment(random));
      if (signal === "SIGKILL") kills++;
      else if (status !== 0) totals.failed.push(`${name}, after ${kills} kills: ${error}`);
      else if (moment !== inModel) {
        // It was faster than its kill: the next ones meet a run of the beginning.
        compare();
        rmSync(killed.out, { recursive: true });
      }
      if (existsSync(killed.out) && readdirSync(killed.out).some(isTemporary)) totals.inWrites++;
    }
    const { status, error } = await goOn();
    if (status !== 0) totals.failed.push(`${name}: ${error}`);
    totals.kills += kills;
    compare();
  });

  it("was killed 90 times over nine configurations, some in the middle of a write", () => {
    expect(totals).toEqual({ kills: 90, inWrites: expect.any(Number), different: [], failed: [] });
    expect(totals.inWrites).toBeGreaterThan(0);
  });
});

describe("a cross-validation that is killed", () => {
  it("six times, going on from a model that is away, comes to the same bits of every fold", async () => {
    const random = Random.of(6);
    isAway(false);
    const taskOf = (place: string): Task => ({
      data,
      out: join(folder, `folds-${place}`),
      settings: { ...small, epochs: 3, from: parent, freeze: 1, cache: join(folder, `cache-folds-${place}`) },
    });
    const [whole, killed] = [taskOf("whole"), taskOf("killed")];
    expect(await start("crossValidate", whole)).toMatchObject({ status: 0, error: "" });
    const folds = (out: string) => ({
      folds: [0, 1, 2].map((fold) => outcome(join(out, `fold-${fold}`))),
      predictions: readFileSync(join(out, "predictions.csv"), "utf8"),
    });
    let kills = 0;
    for (let tries = 0; kills < 6 && tries < 18; tries++) {
      isAway(existsSync(join(killed.out, "fold-0", "config.json")));
      const { signal, error } = await start(
        "crossValidate",
        killed,
        killAfter(["step"], 1 + random.integer(8), random.integer(8)),
      );
      if (signal === "SIGKILL") kills++;
      else {
        expect(error).toBe("");
        expect(folds(killed.out)).toEqual(folds(whole.out));
        rmSync(killed.out, { recursive: true });
      }
    }
    isAway(existsSync(join(killed.out, "fold-0", "config.json")));
    const { status } = await start("crossValidate", killed);
    expect({ kills, status }).toEqual({ kills: 6, status: 0 });
    expect(folds(killed.out)).toEqual(folds(whole.out));
  });
});

/** Times are those of the machine; all else is the study's. */
const withoutTimes = (_key: string, value: unknown): unknown =>
  ["seconds", "spentSeconds", "imagesPerSecond", "digest"].includes(_key) ? undefined : value;

function studied(out: string) {
  const text = (file: string) => JSON.stringify(JSON.parse(readFileSync(file, "utf8"), withoutTimes));
  const steps = readdirSync(join(out, "steps")).sort();
  return {
    report: text(join(out, "report.json")),
    model: readFileSync(join(out, "model.onnx")).toString("base64"),
    steps: steps.map((name) => [name, text(join(out, "steps", name))]),
  };
}

describe("a study that is killed", () => {
  it("twelve times comes to the same report, models and figures of every step", async () => {
    const random = Random.of(12);
    const settings = { imageSize: 24, batch: 16, seed: 2, threads: 1 } as const;
    const taskOf = (place: string): Task => ({
      data: studyData,
      out: join(folder, `study-${place}`),
      settings: { ...settings, cache: join(folder, `cache-study-${place}`) },
    });
    const [whole, killed] = [taskOf("whole"), taskOf("killed")];
    const trained = ["fit", "step"];
    let events = 0;
    const count = (kind: string) => {
      if (trained.includes(kind)) events++;
    };
    expect(await start("study", whole, count)).toMatchObject({ status: 0 });
    const compare = () => {
      const [expected, got] = [studied(whole.out), studied(killed.out)];
      const different = got.steps.filter((step, i) => JSON.stringify(step) !== JSON.stringify(expected.steps[i]));
      expect(different).toEqual([]);
      expect(got).toEqual(expected);
    };
    let kills = 0;
    for (let tries = 0; kills < 12 && tries < 36; tries++) {
      const early = kills % 4 === 0;
      const moment = early
        ? killAfter(["start"], 1, 300 + random.integer(2000))
        : killAfter(trained, 1 + random.integer(Math.floor(events / 7)), random.integer(10));
      const { signal, error } = await start("study", killed, moment);
      if (signal === "SIGKILL") kills++;
      else {
        // It was done before its kill: the next ones meet a study of the beginning.
        expect(error).toBe("");
        compare();
        rmSync(killed.out, { recursive: true });
      }
    }
    const { status } = await start("study", killed);
    expect({ kills, status }).toEqual({ kills: 12, status: 0 });
    compare();
  });
});
