/** A run seen from outside: while it is trained, when it has ended, and when it went back. */
import { spawnSync } from "node:child_process";
import { appendFile, cp, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import type { Dataset } from "../../dataset/dataset.ts";
import { sealed } from "../../disk/sealed-json.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import type { SettingsInput } from "../../training/settings/schema.ts";
import { resume } from "../resume.ts";
import { makeOlderRun } from "../testing/changed.ts";
import { train } from "../train.ts";
import { type FollowedEvent, followRun } from "./follow-run.ts";
import { epochOfLine } from "./run-folder.ts";
import { lockRun } from "./run-lock.ts";

const folder = temporaryFolder();
let dataset: Dataset;
let settings: SettingsInput;
let finished: string;
const pollMilliseconds = 5;

beforeAll(async () => {
  await writePhantomDataset(join(folder, "data"), { images: 40, size: 16, seed: 1 });
  dataset = await readDataset(join(folder, "data"));
  settings = { engine: "reference", imageSize: 8, batch: 8, epochs: 3, cache: join(folder, "cache") };
  finished = join(folder, "finished");
  await train(dataset, { ...settings, out: finished });
});

/** Events in short, such as `epoch 2`. */
const short = (event: FollowedEvent): string => {
  if (event.kind === "begin") return "begin";
  if (event.kind === "epoch") return `epoch ${event.metrics.epoch}/${event.epochs}`;
  if (event.kind === "rewind") return `rewind ${event.epoch}`;
  return `${event.finished ? "finished" : "stopped"} ${event.epochs}`;
};

async function follow(run: string, onEvent?: (event: FollowedEvent) => unknown): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of followRun(run, { pollMilliseconds })) {
    seen.push(short(event));
    await onEvent?.(event);
  }
  return seen;
}

/** A copy of the finished run without its model. */
async function unfinished(name: string): Promise<string> {
  const run = join(folder, name);
  await cp(finished, run, { recursive: true });
  await rm(join(run, "model.onnx"));
  return run;
}

const all = ["begin", "epoch 1/3", "epoch 2/3", "epoch 3/3"];

it("tells the whole of a finished run at once", async () => {
  expect(await follow(finished)).toEqual([...all, "finished 3"]);
});

it("follows a training, each of several followers from its first epoch on, until it ends", async () => {
  const run = join(folder, "live");
  let epochs = 0;
  const followers: Promise<string[]>[] = [];
  await train(
    dataset,
    { ...settings, epochs: 6, out: run },
    {
      onEvent: ({ kind }) => {
        if (kind === "begin" || (kind === "epoch" && ++epochs === 3)) followers.push(follow(run));
      },
    },
  );
  const expected = ["begin", ...[1, 2, 3, 4, 5, 6].map((epoch) => `epoch ${epoch}/6`), "finished 6"];
  expect(await Promise.all(followers)).toEqual([expected, expected]);
});

it("sees epochs when they come, with their figures", async () => {
  const run = await unfinished("slow");
  const file = join(run, "metrics.jsonl");
  const lines = (await readFile(file, "utf8")).split("\n");
  await writeFile(file, "");
  const lock = await lockRun(run);
  const events: FollowedEvent[] = [];
  const seen = await follow(run, async (event) => {
    events.push(event);
    // The next one is written when the one before was seen, first a half of it.
    const next = event.kind === "begin" ? 0 : event.kind === "epoch" ? event.metrics.epoch : 3;
    if (next === 3) return lock.release();
    const half = Math.floor(lines[next]!.length / 2);
    await appendFile(file, lines[next]!.slice(0, half));
    setTimeout(() => void appendFile(file, `${lines[next]!.slice(half)}\n`), 3 * pollMilliseconds);
  });
  expect(seen).toEqual([...all, "stopped 3"]);
  expect(events.flatMap((event) => (event.kind === "epoch" ? [event.metrics] : []))).toEqual(
    lines.slice(0, 3).map((line) => epochOfLine(line, { olderRun: false })),
  );
});

it("says that a training was stopped, by its own will or killed, and goes on when it is resumed", async () => {
  const run = await unfinished("stopped");
  expect(await follow(run)).toEqual([...all, "stopped 3"]);
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  await writeFile(join(run, ".lock"), `${pid} ${hostname()}\n`);
  expect(await follow(run)).toEqual([...all, "stopped 3"]);
  expect((await resume(run)).finished).toBe(true);
  expect(await follow(run)).toEqual([...all, "finished 3"]);
});

it("goes back where the training does", async () => {
  const run = await unfinished("back");
  const file = join(run, "metrics.jsonl");
  const [first, , third] = (await readFile(file, "utf8")).split("\n");
  const lock = await lockRun(run);
  const seen = await follow(run, async (event) => {
    if (event.kind === "epoch" && event.metrics.epoch === 3 && event.metrics.seconds !== 0.5) {
      const other = { ...epochOfLine(third!, { olderRun: false }), epoch: 2, seconds: 0.5 };
      await writeFile(file, `${first}\n${JSON.stringify(sealed(other))}\n`);
      setTimeout(() => void lock.release(), 5 * pollMilliseconds);
    }
  });
  expect(seen).toEqual([...all, "rewind 1", "epoch 2/3", "stopped 2"]);
});

it("ends with its signal", async () => {
  const run = await unfinished("aborted");
  const lock = await lockRun(run);
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const event of followRun(run, { signal: stop.signal, pollMilliseconds: 60_000 })) {
    seen.push(short(event));
    if (seen.length === all.length) setTimeout(() => stop.abort(), 1);
  }
  expect(seen).toEqual(all);
  await lock.release();
});

it("names what is no run, and damaged metrics", async () => {
  await expect(follow(join(folder, "none"))).rejects.toThrow(/none: no run there/);
  const run = await unfinished("damaged");
  const file = join(run, "metrics.jsonl");
  const text = await readFile(file, "utf8");
  const lines = text.split("\n");
  for (const [damaged, message] of [
    [`${text}{}\n`, /metrics\.jsonl: line 4 holds no figures of an epoch/],
    [text.replace('"seconds":', '"seconds":1'), /line 1 holds no figures of an epoch/],
    [text.replace(/,"digest":"[^"]*"/, ""), /line 1 holds no figures of an epoch/],
    [`${[lines[0], lines[2], lines[1]].join("\n")}\n`, /line 2 holds the figures of epoch 3/],
  ] as const) {
    await writeFile(file, damaged);
    await expect(follow(run)).rejects.toThrow(message);
  }
});

it("says where a finished run has lost epochs, and opens the one of an earlier version", async () => {
  const run = await unfinished("lost");
  await resume(run);
  const file = join(run, "metrics.jsonl");
  const lines = (await readFile(file, "utf8")).split("\n");
  for (const damaged of [[], lines.slice(0, 2), lines.slice(0, 3)]) {
    await writeFile(file, damaged.join("\n"));
    await expect(follow(run)).rejects.toThrow(/metrics\.jsonl: it ends after \d of 3 epochs, though there is a model/);
  }
  await resume(run);
  expect(await follow(run)).toEqual([...all, "finished 3"]);
  await makeOlderRun(run);
  expect(await follow(run)).toEqual([...all, "finished 3"]);
});
