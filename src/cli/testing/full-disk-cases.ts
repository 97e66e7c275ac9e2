/** For tests: commands on a disk that is full from some write on, and what must hold after each of them. */

import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { fileExists } from "../../disk/files.ts";
import { type FullDisk, imitateFullDisk } from "../../disk/testing/full-disk.ts";
import { readSafetensors } from "../../formats/safetensors.ts";
import { runRecorded } from "./recorded-command.ts";

export interface DiskCase {
  readonly name: string;
  /** What stands in the folder before; what was made of the phantom set stands in `source`: `data`, `cache`, `run` and `plan.csv`. */
  readonly before?: readonly (readonly [source: string, target: string])[];
  /** The command, to be given in the folder. */
  readonly command: readonly string[];
  /** The command that goes on, where it is another one. */
  readonly again?: () => Promise<readonly string[]>;
  /** The files that must be the same as those of a run with room enough. */
  readonly results: readonly string[];
}

const data = ["--data", "../source/data"];
const warm = ["--cache", "cache"];
const quick = [...data, "--image-size", "16", "--batch", "8", ...warm];
const cache = ["cache", "cache"] as const;
const training = ["train", ...quick, "--epochs", "2", "--validation", "0.2", "--tensorboard", "--out", "run"];
const resume = ["train", "--resume", "run", ...warm];
const runFiles = ["images.csv", "metrics.jsonl", "checkpoint.safetensors", "model.onnx", "evaluation.json"];
const below = (folder: string, names: readonly string[]) => names.map((name) => `${folder}/${name}`);

export const diskCases: readonly DiskCase[] = [
  {
    name: "train",
    before: [cache],
    command: [...training, "--checkpoint-seconds", "0.001"],
    again: async () => ((await fileExists("run/config.json")) ? resume : training),
    results: below("run", [...runFiles, "events.out.tfevents.naevus"]),
  },
  {
    name: "resume",
    before: [cache, ["run", "run"]],
    command: resume,
    results: below("run", runFiles),
  },
  {
    name: "evaluate",
    before: [cache, ["run", "run"]],
    command: ["evaluate", "run", ...data, ...warm],
    results: ["run/evaluation.json"],
  },
  {
    name: "cross-validate",
    before: [cache],
    command: ["cross-validate", ...quick, "--folds", "2", "--epochs", "1", "--out", "folds"],
    results: [
      "folds/evaluation.json",
      "folds/predictions.csv",
      ...below("folds/fold-0", runFiles.slice(0, 4)),
      ...below("folds/fold-1", runFiles.slice(0, 4)),
    ],
  },
  {
    name: "audit",
    before: [cache, ["audit", "audit"]],
    command: ["audit", ...data, ...warm, "--out", "audit"],
    results: ["audit/audit.json", "audit/audit.html"],
  },
  {
    name: "curate",
    before: [cache, ["plan.csv", "plan.csv"]],
    command: ["curate", ...data, ...warm, "--out", "plan.csv", "--overwrite"],
    results: ["plan.csv"],
  },
  {
    name: "show",
    before: [cache],
    command: ["show", ...data, ...warm, "--out", "pictures"],
    results: ["pictures/gallery.svg", "pictures/distribution.svg"],
  },
  {
    name: "phantom",
    command: ["data", "phantom", "--images", "18", "--size", "8", "--out", "drawn"],
    results: [],
  },
];

/** The making of everything in the cache. */
export const packing: DiskCase = {
  name: "a cold cache",
  command: ["curate", ...data, ...warm, "--out", "plan.csv"],
  results: ["plan.csv"],
};

/** A study's figures depend on the speed of the machine, so only its end is looked at. */
export const study: DiskCase = {
  name: "study",
  command: ["study", "--data", "../source/more", ...quick.slice(2), "--budget", "0.01", "--out", "study"],
  results: [],
};

/** What a file says, but for the seconds that its making took. */
async function contentOf(file: string): Promise<string> {
  const bytes = await readFile(file);
  if (file.endsWith(".tfevents.naevus")) return `${bytes.length} bytes`;
  if (file.endsWith("metrics.jsonl")) {
    const lines = bytes.toString().trimEnd().split("\n");
    return lines
      .map((line) => JSON.parse(line))
      .map(({ epoch, loss }) => `${epoch} ${loss}`)
      .join();
  }
  if (!file.endsWith(".safetensors")) return bytes.toString("latin1");
  const { tensors } = readSafetensors(bytes);
  return JSON.stringify(
    [...tensors].map(([name, { data: values }]) => [name, Buffer.from(values.buffer).toString("base64")]),
  );
}

const contents = async (files: readonly string[]) =>
  new Map(await Promise.all(files.map(async (file) => [file, await contentOf(file)] as const)));

const filesHere = async (): Promise<string[]> => {
  const entries = await readdir(".", { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
};

/** A folder in which the cases are tried, one after the other. */
export class DiskTrial {
  readonly #folder: string;
  readonly #disk: FullDisk;

  private constructor(folder: string, disk: FullDisk) {
    this.#folder = folder;
    this.#disk = disk;
  }

  /** Makes the phantom set in an empty folder, and what the cases begin with. */
  static async begin(folder: string): Promise<DiskTrial> {
    const work = join(folder, "source");
    await mkdir(work);
    process.chdir(work);
    for (const argv of [
      ["data", "phantom", "--images", "24", "--size", "16", "--out", "data"],
      ["data", "phantom", "--images", "120", "--size", "16", "--out", "more"],
      training,
      ["audit", ...data, ...warm, "--out", "audit"],
      ["curate", ...data, ...warm, "--out", "plan.csv"],
    ]) {
      expect(await runRecorded(argv)).toMatchObject({ status: 0 });
    }
    return new DiskTrial(folder, await imitateFullDisk());
  }

  /**
   * Gives the command with the disk full from each of its writes on, or from some of them, spread evenly; each time what must hold is looked
   * at, and the command is given again with room enough.
   *
   * @returns the number of times
   */
  async fill(one: DiskCase, times?: number): Promise<number> {
    await this.#enter(one);
    this.#disk.fill(Number.POSITIVE_INFINITY);
    const undisturbed = await runRecorded(one.command);
    expect(undisturbed.status, undisturbed.error).toBe(0);
    const { calls } = this.#disk;
    const whole = await contents(one.results);
    const tried = Math.min(times ?? calls, calls);
    for (let time = 0; time < tried; time++) {
      const after = Math.floor(((time + 0.5) * calls) / tried);
      await this.#enter(one);
      const before = await contents((await filesHere()).filter((file) => !file.startsWith("cache")));
      this.#disk.fill(after);
      const { status, error } = await runRecorded(one.command);
      const { failures } = this.#disk;
      this.#disk.makeRoom();
      expect(failures, `full after ${after} writes`).toBeGreaterThan(0);
      const about = `full after ${after} writes: ${error}`;
      // Figures are worth more than their file: evaluating goes on, and warns.
      const sentence = error
        .split("\n")
        .filter((line) => line.startsWith(status === 0 ? `warning: ${process.cwd()}` : "naevus: "));
      expect(sentence, about).toHaveLength(1);
      expect(sentence[0]).toContain(`: ${process.cwd()}/`);
      expect(sentence[0]).toMatch(/: could not be written: the disk is full; make room and try again$/);
      const there = await filesHere();
      expect(
        there.filter((file) => /\.(tmp|lock)$/.test(file)),
        about,
      ).toEqual([]);
      for (const [file, content] of before) {
        expect([content, whole.get(file)], `${file}, ${about}`).toContain(await contentOf(file));
      }
      const ended = await runRecorded((await one.again?.()) ?? one.command);
      expect(ended.status, `${about}\nthen: ${ended.error}`).toBe(0);
      for (const [file, content] of await contents(one.results)) {
        expect(content === whole.get(file), `${file} is another, ${about}`).toBe(true);
      }
    }
    return tried;
  }

  /** A folder of its own, as it was before the command. */
  async #enter({ before = [] }: DiskCase): Promise<void> {
    const folder = join(this.#folder, "tried");
    process.chdir(this.#folder);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    for (const [source, target] of before) {
      await cp(join(this.#folder, "source", source), join(folder, target), { recursive: true });
    }
    process.chdir(folder);
  }

  end(): void {
    process.chdir(tmpdir());
  }
}
