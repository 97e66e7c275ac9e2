/** A run folder is locked by one living process at a time. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
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

test.runIf(process.platform === "linux")("a killed process that nobody has taken note of holds nothing", async () => {
  // The shell becomes a program that never asks for its child's end; the child waits for that, as the shell would ask.
  const script = "(until grep -q sleep /proc/$$/comm; do :; done) & echo $!; exec sleep 30";
  const parent = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [pid] = await once(parent.stdout, "data");
    const stat = () => readFile(`/proc/${Number(pid)}/stat`, "utf8");
    while (!(await stat()).includes(") Z ")) await setTimeout(5);
    await writeFile(join(run, ".lock"), `${Number(pid)} ${hostname()}\n`);
    await (await lockRun(run))();
  } finally {
    parent.kill("SIGKILL");
  }
});

test("a folder that is gone is named", async () => {
  await expect(lockRun(join(run, "none"))).rejects.toThrow("the folder does not exist");
});
