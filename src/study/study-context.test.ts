/** Steps of a study: done once and counted once, however often they are asked for, stopped and gone on with. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { temporaryName } from "../disk/files.ts";
import { damagedText } from "../disk/testing/damage.ts";
import { Random } from "../random.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { doStep, type StudyContext, type StudyEvent, spentSeconds } from "./study-context.ts";
import { StudyFolder } from "./study-folder.ts";

const path = temporaryFolder();
let now = 0;

let folder: StudyFolder | undefined;
afterEach(async () => {
  await folder?.close();
  folder = undefined;
});

/** A study that is opened anew, with what steps need of it. */
async function opened(): Promise<StudyContext> {
  await folder?.close();
  folder = await StudyFolder.open(join(path, "study"), join(path, "data"), { stopwatch: () => now });
  const context: Partial<StudyContext> = {
    folder,
    dataHash: "data",
    steps: new Map(),
    onEvent: () => {},
    signal: undefined,
  };
  return context as StudyContext;
}

/** Takes so many seconds. */
const taking = (seconds: number, result: string) => async () => {
  now += seconds * 1000;
  return result;
};

it("does and counts a step once where two chapters ask for it, in the first run and in a resumed one", async () => {
  const events: StudyEvent[] = [];
  const first = { ...(await opened()), onEvent: (event: StudyEvent) => void events.push(event) };
  const step = { id: "model-plain", inputs: ["plain"], run: taking(30, "model") };
  expect(await doStep(first, step)).toBe("model");
  expect(await doStep(first, step)).toBe("model");
  expect(await spentSeconds(first)).toBe(30);
  expect(events).toEqual([]);

  const resumed = await opened();
  await doStep(resumed, step);
  await doStep(resumed, step);
  expect(await spentSeconds(resumed)).toBe(30);
  expect(now).toBe(30_000);
});

it("counts the seconds before a stop, and begins anew for other inputs", async () => {
  const stopped = await opened();
  const step = { id: "long", inputs: 1, run: taking(5, "done") };
  const failing = async () => {
    now += 20_000;
    throw new Error("stopped");
  };
  await expect(doStep(stopped, { ...step, run: failing })).rejects.toThrow("stopped");
  const resumed = await opened();
  expect(await doStep(resumed, step)).toBe("done");
  expect(await spentSeconds(resumed)).toBe(25);

  const changed = await opened();
  await doStep(changed, { ...step, inputs: 2 });
  expect(await spentSeconds(changed)).toBe(5);
});

it("refuses two steps of one name, which would undo each other's results", async () => {
  const context = await opened();
  await doStep(context, { id: "fit", inputs: 1, run: taking(1, "one") });
  await expect(doStep(context, { id: "fit", inputs: 2, run: taking(1, "other") })).rejects.toThrow(
    /two steps are called fit/,
  );
});

it("has its folder to itself, and cleans away nothing that another process is writing", async () => {
  await opened();
  const study = join(path, "study");
  await expect(StudyFolder.open(study, join(path, "data"), { stopwatch: () => now })).rejects.toThrow(
    /study: process \d+ on .* works in this folder; wait for it to end/,
  );
  const written = temporaryName(join(study, "steps", "fit.json"));
  const left = join(study, "steps", ".fit.json.0123456789ab.tmp");
  for (const file of [written, left]) await writeFile(file, "half");
  await opened();
  expect(await readdir(join(study, "steps"))).toContain(basename(written));
  expect(await readdir(join(study, "steps"))).not.toContain(basename(left));
});

it("does a step again where what was stored of it is damaged, and never takes damage for a result", async () => {
  const step = { id: "model-kept", inputs: ["kept"], run: async () => ({ accuracy: 0.5, folds: [1, 2, 3] }) };
  const meant = await doStep(await opened(), step);
  const file = join(path, "study/steps/model-kept.json");
  const text = await readFile(file);
  const random = Random.of(300);
  let again = 0;
  const runAgain = async () => {
    again++;
    return step.run();
  };
  for (let i = 0; i < 300; i++) {
    const { how, bytes } = damagedText(text, random);
    await writeFile(file, bytes);
    expect(await doStep(await opened(), { ...step, run: runAgain }), how).toEqual(meant);
  }
  expect(again).toBeGreaterThan(250);
});
