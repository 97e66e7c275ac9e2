/** A run folder is locked by one living process at a time. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockRun } from "./run-lock.ts";

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), "naevus-lock-"));
});
afterEach(() => rm(run, { recursive: true }));

test("is held until it is let go, and leaves nothing", async () => {
  const unlock = await lockRun(run);
  await expect(lockRun(run)).rejects.toThrow(
    `${run}: process ${process.pid} on ${hostname()} trains in this folder; wait for it to end, or, if it has ended, delete`,
  );
  await unlock();
  expect(await readdir(run)).toEqual([]);
  await (await lockRun(run))();
});

test("a killed process's lock is taken over, another machine's is not", async () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  await writeFile(join(run, ".lock"), `${pid} ${hostname()}\n`);
  await (await lockRun(run))();
  await writeFile(join(run, ".lock"), "");
  await (await lockRun(run))();
  await writeFile(join(run, ".lock"), `${pid} elsewhere\n`);
  await expect(lockRun(run)).rejects.toThrow("on elsewhere trains in this folder");
});

test("a folder that is gone is named", async () => {
  await expect(lockRun(join(run, "none"))).rejects.toThrow("the folder does not exist");
});
