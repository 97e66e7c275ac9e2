/** Coverage by simulation of every interval that is stated, for lesions with 1 to 6 images, and the error rate of the paired test. */
import { describe, expect, it } from "vitest";
import { Random } from "../random.ts";
import { equalMassEdges, reliabilityBins } from "./calibration/reliability.ts";
import { temperedProbabilities } from "./calibration/temperature.ts";
import { signFlip } from "./comparison/sign-flip.ts";
import { rankByConfidence, selectiveAccuracy } from "./curves/risk-coverage.ts";
import { thresholdForAccuracy, thresholdForCoverage } from "./decisions/abstention.ts";
import { answersTo } from "./decisions/lesion-questions.ts";
import { ratesAtThreshold, thresholdForSensitivity } from "./decisions/operating-point.ts";
import { numberGroups } from "./image-groups.ts";
import { type Interval, proportion } from "./intervals/proportion.ts";
import { wilsonInterval } from "./intervals/wilson-interval.ts";
import { type CompleteEvaluation, completeEvaluation } from "./judgement/complete-evaluation.ts";
import { type Verdicts, verdicts } from "./verdicts.ts";

/** How far a part of `runs` may be from its expectation: 3.3 standard errors, which 1 of 1,000 simulations exceeds. */
const slack = (part: number, runs: number): number => 3.3 * Math.sqrt((part * (1 - part)) / runs);

const holds = ([low, high]: Interval, truth: number): boolean => low <= truth + 1e-9 && truth - 1e-9 <= high;

const images = (random: Random): number => 1 + random.integer(6);

function gamma(random: Random, shape: number): number {
  // Marsaglia and Tsang 2000, "A simple method for generating gamma variables".
  if (shape < 1) return gamma(random, shape + 1) * random.uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const x = random.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(random.uniform()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** The chance that images of one lesion are answered rightly: its mean is `mean`, and the correlation of two images `correlation`. */
function lesionChance(random: Random, mean: number, correlation: number): number {
  if (correlation === 0) return mean;
  const size = 1 / correlation - 1;
  const [right, wrong] = [gamma(random, mean * size), gamma(random, (1 - mean) * size)];
  return right / (right + wrong);
}

/** How often truths were held, by the kind of figure; shown with COVERAGE_TABLE=1. */
class Coverage {
  readonly #counts = new Map<string, { held: number; intervals: number }>();

  add(kind: string, interval: Interval, truth: number): void {
    const { held, intervals } = this.#counts.get(kind) ?? { held: 0, intervals: 0 };
    this.#counts.set(kind, { held: held + Number(holds(interval, truth)), intervals: intervals + 1 });
  }

  get kinds(): readonly (readonly [kind: string, part: number, intervals: number])[] {
    return [...this.#counts].map(([kind, { held, intervals }]) => [kind, held / intervals, intervals]);
  }

  /** The least and the most of all kinds. */
  get range(): Interval {
    const parts = this.kinds.map(([, part]) => part);
    return [Math.min(...parts), Math.max(...parts)];
  }

  print(title: string): void {
    if (process.env.COVERAGE_TABLE === undefined) return;
    const rows = this.kinds.map(([kind, part, intervals]) => `${(part * 100).toFixed(1)}  ${intervals}  ${kind}`);
    process.stdout.write(`${title}\n${rows.join("\n")}\n`);
  }
}

describe("a proportion", () => {
  const runs = 2000;

  it.each([15, 40, 150])(
    "of %i lesions is held in 93 to 99 of 100 runs, where Wilson's for independent images is in 75",
    (lesions) => {
      const random = Random.of(lesions);
      const grouped = new Coverage();
      const plain = new Coverage();
      for (const chance of [0.5, 0.7, 0.9, 0.95, 0.98]) {
        for (const correlation of [0, 0.3, 0.6]) {
          for (let run = 0; run < runs; run++) {
            const labels: number[] = [];
            const outcomes: boolean[] = [];
            for (let lesion = 0; lesion < lesions; lesion++) {
              const own = lesionChance(random, chance, correlation);
              for (let photograph = images(random); photograph > 0; photograph--) {
                labels.push(lesion);
                outcomes.push(random.uniform() < own);
              }
            }
            const { count, of, interval } = proportion(outcomes, numberGroups(labels, labels.length));
            grouped.add(`${chance}, correlation ${correlation}`, interval!, chance);
            plain.add(`${chance}, correlation ${correlation}`, wilsonInterval(count, of), chance);
          }
        }
      }
      grouped.print(`proportion of ${lesions} lesions`);
      plain.print(`the same, Wilson's for independent images`);
      expect(grouped.range[0]).toBeGreaterThan(0.93 - slack(0.93, runs));
      expect(grouped.range[1]).toBeLessThan(0.99 + slack(0.99, runs));
      expect(plain.range[0]).toBeLessThan(0.8);
    },
  );
});

const melanoma = { name: "melanoma", positive: ["melanoma"] };

/** Classes with their parts of the lesions. */
const classes = ["melanoma", "nevus", "basal cell carcinoma", "dermatofibroma"];
const shares = [0.25, 0.375, 0.25, 0.125];

/** The class of each lesion; at least two lesions are of each class. */
function drawLabels(random: Random, lesions: number): number[] {
  for (;;) {
    const labels = Array.from({ length: lesions }, () => {
      const place = random.uniform();
      return shares.findIndex((_, label) => place < shares.slice(0, label + 1).reduce((sum, share) => sum + share, 0));
    });
    if (shares.every((_, label) => labels.filter((own) => own === label).length >= 2)) return labels;
  }
}

interface Drawn {
  readonly truth: number[];
  readonly groups: number[];
  readonly probabilities: Float32Array;
  readonly rival: Float32Array;
  readonly sex: string[];
}

/** Lesions with 1 to 6 images; seven tenths of the logits' variance is the lesion's, and half of that also the rival's. */
function drawImages(random: Random, lesions: number, signal: number): Drawn {
  const truth: number[] = [];
  const groups: number[] = [];
  const sex: string[] = [];
  const logits: number[] = [];
  const rivalLogits: number[] = [];
  const normals = (scale: number) => classes.map(() => scale * random.normal());
  for (const [lesion, label] of drawLabels(random, lesions).entries()) {
    const common = normals(Math.sqrt(0.35));
    const [first, second] = [normals(Math.sqrt(0.35)), normals(Math.sqrt(0.35))];
    const person = random.uniform() < 0.5 ? "female" : "male";
    for (let photograph = images(random); photograph > 0; photograph--) {
      truth.push(label);
      groups.push(lesion);
      sex.push(person);
      for (const [other, shared] of common.entries()) {
        const mean = shared + (other === label ? signal : 0);
        logits.push(mean + first[other]! + Math.sqrt(0.3) * random.normal());
        rivalLogits.push(mean + second[other]! + Math.sqrt(0.3) * random.normal());
      }
    }
  }
  const probabilities = (of: number[]) => temperedProbabilities(Float32Array.from(of), classes.length, 0.7);
  return { truth, groups, sex, probabilities: probabilities(logits), rival: probabilities(rivalLogits) };
}

function judge(
  random: Random,
  { rival, sex, ...test }: Drawn,
  validation: Drawn,
  replicates: number,
): CompleteEvaluation {
  return completeEvaluation({
    protocol: "simulated",
    classes,
    ...test,
    validation,
    questions: [melanoma],
    groupings: { sex },
    smallestSubgroup: 1,
    rivals: [{ name: "rival", probabilities: rival }],
    bins: 5,
    replicates,
    random,
  });
}

interface Stated {
  readonly value: number | null;
  readonly interval: Interval | null;
}

const isStated = (node: object): node is Stated => "value" in node && "interval" in node;

/** Every figure with an interval below `node`, by its path. Bins of reliability are no fixed figures, and stand for themselves. */
function statedIn(node: unknown, path = ""): (readonly [path: string, figure: Stated])[] {
  if (typeof node !== "object" || node === null || /equal(?:Width|Mass)|validation/.test(path)) return [];
  if (isStated(node)) return [[path, node]];
  return Object.entries(node).flatMap(([name, part]) => statedIn(part, path === "" ? name : `${path}.${name}`));
}

/** A path without what is the same kind of figure: the class, the threshold, the subgroup. */
const kindOf = (path: string): string => path.replace(/\.\d+/g, "");

describe("every interval of a complete evaluation", () => {
  const runs = 150;
  const sets = [
    { lesions: 30, signal: 1.6 },
    { lesions: 60, signal: 3 },
    { lesions: 120, signal: 0.8 },
  ];

  it("holds the truth of a large population", () => {
    const overall = new Coverage();
    for (const { lesions, signal } of sets) {
      const random = Random.of(lesions);
      const validation = drawImages(random, 100, signal);
      const population = judge(random, drawImages(random, 8000, signal), validation, 40);
      const truths = new Map(statedIn(population).map(([path, { value }]) => [path, value]));
      const coverage = new Coverage();
      for (let run = 0; run < runs; run++) {
        const evaluation = judge(random, drawImages(random, lesions, signal), validation, 200);
        for (const [path, { value, interval }] of statedIn(evaluation)) {
          const truth = truths.get(path);
          if (value === null || truth === null || truth === undefined) continue;
          expect(interval, path).not.toBeNull();
          coverage.add(kindOf(path), interval!, truth);
          overall.add(kindOf(path), interval!, truth);
        }
      }
      coverage.print(`${lesions} lesions, accuracy ${population.accuracy.toFixed(3)}`);
      expect(coverage.range[0]).toBeGreaterThan(0.93 - slack(0.93, runs));
    }
    overall.print("all of these");
    // Figures of one run are one observation, however many classes and thresholds there are.
    expect(overall.range[0]).toBeGreaterThan(0.93 - slack(0.93, sets.length * runs));
    const parts = overall.kinds.map(([, part]) => part);
    const mean = parts.reduce((total, part) => total + part, 0) / parts.length;
    expect(mean).toBeGreaterThan(0.945);
    expect(mean).toBeLessThan(0.98);
  });
});

describe("intervals of what is chosen on the same images", () => {
  it("hold for thresholds and bins", () => {
    const runs = 400;
    const random = Random.of(7);
    const of = ({ truth, probabilities, groups }: Drawn) => {
      const predictions = { classes, truth, probabilities };
      return {
        said: verdicts(predictions),
        answers: answersTo(melanoma, predictions),
        groups: numberGroups(groups, truth.length),
      };
    };
    const population = of(drawImages(random, 6000, 1.6));
    const coverage = new Coverage();
    for (let run = 0; run < runs; run++) {
      const { said, answers, groups } = of(drawImages(random, 60, 1.6));
      for (const sensitivity of [0.9, 0.95]) {
        const threshold = thresholdForSensitivity(answers, sensitivity)!;
        const truths = ratesAtThreshold(population.answers, threshold, population.groups);
        for (const [name, { interval }] of Object.entries(ratesAtThreshold(answers, threshold, groups))) {
          if (interval)
            coverage.add(`chosen for sensitivity: ${name}`, interval, truths[name as keyof typeof truths].value!);
        }
      }
      const ranking = rankByConfidence(said);
      for (const [goal, threshold] of [
        ["coverage", thresholdForCoverage(ranking, 0.8)],
        ["coverage", thresholdForCoverage(ranking, 0.5)],
        ["accuracy", thresholdForAccuracy(ranking, 0.8)],
        ["accuracy", thresholdForAccuracy(ranking, 0.9)],
      ] as const) {
        if (threshold === null) continue;
        const stated = selectiveAccuracy(said, threshold, groups);
        const truth = selectiveAccuracy(population.said, threshold, population.groups);
        coverage.add(`chosen for ${goal}: accuracy`, stated.accuracy.interval!, truth.accuracy.value!);
        coverage.add(`chosen for ${goal}: coverage`, stated.coverage.interval!, truth.coverage.value!);
      }
      const stated = { stated: said.confidence, happened: said.correct };
      for (const { low, high, happened } of reliabilityBins(stated, equalMassEdges(said.confidence, 5), groups)) {
        coverage.add("bins of equal mass", happened.interval!, partRight(population.said, low, high));
      }
    }
    coverage.print("chosen on the same images");
    expect(coverage.range[0]).toBeGreaterThan(0.93 - slack(0.93, runs));
  });

  function partRight({ confidence, correct }: Verdicts, low: number, high: number): number {
    const within = correct.filter((_, image) => confidence[image]! > low && confidence[image]! <= high);
    return within.filter(Boolean).length / within.length;
  }
});

describe("the paired test", () => {
  const runs = 2000;

  it.each([30, 120])("calls two models alike different in at most 5 of 100 runs, of %i lesions", (lesions) => {
    const random = Random.of(lesions);
    let grouped = 0;
    let separate = 0;
    for (let run = 0; run < runs; run++) {
      const byLesion: number[] = [];
      const byImage: number[] = [];
      for (let lesion = 0; lesion < lesions; lesion++) {
        const chances = [lesionChance(random, 0.7, 0.5), lesionChance(random, 0.7, 0.5)] as const;
        const own = Array.from({ length: images(random) }, () => {
          const [first, second] = chances.map((chance) => Number(random.uniform() < chance)) as [number, number];
          return first - second;
        });
        byImage.push(...own);
        byLesion.push(own.reduce((total, difference) => total + difference, 0));
      }
      if (signFlip(byLesion) <= 0.05) grouped += 1;
      if (signFlip(byImage) <= 0.05) separate += 1;
    }
    if (process.env.COVERAGE_TABLE !== undefined)
      process.stdout.write(`type I error ${lesions}: ${grouped / runs}; McNemar ${separate / runs}\n`);
    expect(grouped / runs).toBeLessThan(0.05 + slack(0.05, runs));
    expect(grouped / runs).toBeGreaterThan(0.03 - slack(0.03, runs));
    expect(separate / runs).toBeGreaterThan(0.1);
  });
});
