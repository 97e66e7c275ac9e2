/** A folder has one holder at a time, whatever ended processes, other containers and other machines left in it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { FileError } from "../errors.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { LockedError, lockFolder, observeLock, refuseLocked } from "./folder-lock.ts";
import { identityTag, isLeftBehind, livenessOf, ownIdentity } from "./process-identity.ts";
import { startLockRacers } from "./testing/lock-racers.ts";

let folder: string;
let lock: string;
beforeEach(() => {
  folder = temporaryFolder();
  lock = join(folder, ".lock");
});

const dead = (): number => spawnSync(process.execPath, ["-e", ""]).pid;
const host = hostname();
const { space, start } = ownIdentity;
const nonce = "0123456789ab";
/** Of another machine, or of another container on this one. */
const elsewhere = "fedcba987654";
const onLinux = test.runIf(process.platform === "linux");

/** Takes the folder and lets go of it again. */
const takeOver = async (silence = 50) => (await lockFolder(folder, { silence })).release();

describe("a lock", () => {
  test("is held until it is let go, and leaves nothing", async () => {
    const held = await lockFolder(folder);
    const refusal =
      `${folder}: process ${process.pid} on ${host} works in this folder; ` +
      `wait for it to end, or, if it has ended, delete ${lock}`;
    await expect(lockFolder(folder)).rejects.toThrow(new LockedError(refusal));
    await expect(refuseLocked(folder)).rejects.toThrow(new LockedError(refusal));
    expect(await observeLock(folder)()).toBe(true);
    await held.check();
    expect(await readdir(folder)).toEqual([".lock"]);
    await held.release();
    expect(await observeLock(folder)()).toBe(false);
    expect(await readdir(folder)).toEqual([]);
    await takeOver();
  });

  test("of several processes that race for it one gets it, fresh and after a kill", async () => {
    const racers = await startLockRacers(folder, 3);
    try {
      expect(await racers.race(40)).toEqual({ 1: 40 });
      expect((await racers.turmoil(100)).double).toBe(0);
      expect(await readdir(racers.run)).toEqual([]);
    } finally {
      racers.end();
    }
  });

  test("is one trainer's within a process, too", async () => {
    const asked = await Promise.allSettled(Array.from({ length: 4 }, () => lockFolder(folder)));
    const got = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(got).toHaveLength(1);
    await got[0]!.release();
  });

  test("is renewed while its holder computes", async () => {
    const held = await lockFolder(folder);
    const begun = await stat(lock);
    while ((await stat(lock)).mtimeMs === begun.mtimeMs) await pause(100);
    const { mtimeMs } = await stat(lock);
    // Nothing else runs in this thread meanwhile.
    while ((await stat(lock)).mtimeMs === mtimeMs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    await held.release();
  });

  test("that another process took over meanwhile is no longer this one's, and stays", async () => {
    const held = await lockFolder(folder);
    await writeFile(lock, `${process.ppid} ${host} ${elsewhere} 1 ${nonce}\n`);
    await expect(held.check()).rejects.toThrow("nothing more is written there");
    await held.release();
    expect(await readFile(lock, "utf8")).toContain(elsewhere);
  });
});

describe("a lock that was left is taken over", () => {
  test.each([
    ["by a killed process", () => `${dead()} ${host} ${space} 1 ${nonce}\n`],
    ["by a killed process of an earlier version", () => `${dead()} ${host}\n`],
    [
      "by an earlier process of this one's id, as in a container that was started again",
      () => `${process.pid} ${host}\n`,
    ],
    ["by a process whose id was given again", () => `${process.pid} ${host} ${space} ${start + 1} ${nonce}\n`],
    ["before this machine was started again", () => `${process.ppid} ${host} ${elsewhere} ${start} ${nonce}\n`],
    ["in another container of the same host name and id", () => `${process.pid} ${host} ${elsewhere} 7 ${nonce}\n`],
    ["on another machine", () => `1 elsewhere ${elsewhere} 7 ${nonce}\n`],
    ["before it was written", () => ""],
    ["by something else", () => "not a lock of naevus\n"],
  ])("%s", async (_, text) => {
    await writeFile(lock, text());
    await takeOver();
    expect(await readdir(folder)).toEqual([]);
  });

  test("by one that was killed while it took over another's", async () => {
    const text = `${dead()} ${host} ${space} 1 ${nonce}\n`;
    await writeFile(lock, text);
    const ticket = `${lock}-${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
    await writeFile(ticket, `${dead()} ${host} ${space} 2 ${nonce}\n`);
    await writeFile(`${lock}-ffffffffffff`, `${dead()} ${host} ${space} 3 ${nonce}\n`);
    await takeOver();
    expect(await readdir(folder)).toEqual([]);
  });

  onLinux("by a killed process that nobody has taken note of", async () => {
    // The shell becomes a program that never asks for its child's end; the child waits for that, as the shell would ask.
    const script = "(until grep -q sleep /proc/$$/comm; do :; done) & echo $!; exec sleep 30";
    const parent = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [data] = await once(parent.stdout, "data");
      const pid = Number(data);
      const fields = async () => (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]!.split(" ");
      while ((await fields())[0] !== "Z") await pause(5);
      for (const text of [`${pid} ${host}\n`, `${pid} ${host} ${space} ${(await fields())[19]} ${nonce}\n`]) {
        await writeFile(lock, text);
        await takeOver();
      }
    } finally {
      parent.kill("SIGKILL");
    }
  });
});

describe("a lock is respected", () => {
  test.each([
    ["of a process that is seen", async () => `${process.pid} ${host} ${space} ${start} ${nonce}\n`],
    ["of an earlier version on this machine", async () => `${process.ppid} ${host}\n`],
    ["of an earlier version on another machine, which gives no sign of life", async () => `${dead()} elsewhere\n`],
  ])("%s", async (_, text) => {
    await writeFile(lock, await text());
    await expect(takeOver()).rejects.toThrow(LockedError);
    expect(await observeLock(folder)()).toBe(true);
  });

  test.each([
    ["another machine", "elsewhere"],
    ["another container of the same host name", host],
  ])("of a process of %s that renews it, whatever the clocks say", async (_, name) => {
    await writeFile(lock, `${process.pid} ${name} ${elsewhere} ${start} ${nonce}\n`);
    let hour = 0;
    const renewal = setInterval(() => void utimes(lock, 3600 * ++hour, 3600 * hour), 50);
    const told: string[] = [];
    await expect(lockFolder(folder, { onWait: (message) => told.push(message) })).rejects.toThrow(
      `process ${process.pid} on ${name} works in this folder`,
    );
    clearInterval(renewal);
    expect(told).toEqual([
      `${lock}: waiting for a sign of life of process ${process.pid} on ${name}, up to 20 seconds`,
    ]);
  });
});

test("watching tells of a holder that cannot be seen until its lock is silent, whatever the clocks say", async () => {
  await writeFile(lock, `${process.pid} elsewhere ${elsewhere} ${start} ${nonce}\n`);
  await utimes(lock, 0, 0);
  let now = 0;
  const stopwatch = vi.spyOn(performance, "now").mockImplementation(() => now);
  onTestFinished(() => stopwatch.mockRestore());
  const works = observeLock(folder, 300);
  expect(await works()).toBe(true);
  now += 299;
  expect(await works()).toBe(true);
  now += 1;
  expect(await works()).toBe(false);
  await utimes(lock, 3600, 3600);
  expect(await works()).toBe(true);
  now += 299;
  expect(await works()).toBe(true);
});

describe("what is no lock has a sentence", () => {
  test.each([
    ["a folder", (path: string) => mkdir(path)],
    ["a symbolic link", (path: string) => symlink(path, path)],
    ["a symbolic link", (path: string) => symlink(join(folder, "none"), path)],
  ])("%s", async (name, make) => {
    await make(lock);
    const error = new FileError(`${lock}: ${name}, not a lock; remove it, if nothing works in its folder`);
    await expect(lockFolder(folder)).rejects.toThrow(error);
    await expect(observeLock(folder)()).rejects.toThrow(error);
  });

  test.skipIf(process.seteuid === undefined)("a file that may not be read", async () => {
    await writeFile(lock, "");
    await chmod(lock, 0o000);
    await chmod(folder, 0o755);
    const superuser = process.geteuid!() === 0;
    if (superuser) process.seteuid!(65534);
    try {
      await expect(lockFolder(folder)).rejects.toThrow(`${lock}: a file that may not be read, not a lock`);
    } finally {
      if (superuser) process.seteuid!(0);
    }
  });

  test("a folder that is gone", async () => {
    await expect(lockFolder(join(folder, "none"))).rejects.toThrow("the folder does not exist");
  });
});

describe("a process", () => {
  test("is known by its id and start, among those that are seen", async () => {
    expect(livenessOf(ownIdentity)).toBe("alive");
    expect(livenessOf({ ...ownIdentity, start: start + 1 })).toBe(process.platform === "linux" ? "dead" : "unseen");
    expect(livenessOf({ ...ownIdentity, pid: dead() })).toBe("dead");
    expect(livenessOf({ ...ownIdentity, space: elsewhere })).toBe("unseen");
  });

  test("that is killed is dead at once", async () => {
    const child: ChildProcess = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const other = { space, pid: child.pid!, start: 1 };
    expect(livenessOf(other)).not.toBe("alive");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(livenessOf(other)).toBe("dead");
  });

  test("writes its file no longer where it is dead, or where it cannot be seen and wrote nothing for an hour", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const left = (identity: Partial<typeof ownIdentity>) =>
      isLeftBehind(file, identityTag({ ...ownIdentity, ...identity }));
    expect(await left({})).toBe(false);
    expect(await left({ pid: dead() })).toBe(true);
    expect(await left({ space: elsewhere })).toBe(false);
    await utimes(file, 1, 1);
    expect(await left({ space: elsewhere })).toBe(true);
    expect(await left({})).toBe(false);
  });
});

test("a lock holds where Node's permission model forbids threads", () => {
  const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
  const program = `const later = setTimeout;
    globalThis.setTimeout = (begin) => later(begin, 1);
    const { lockFolder } = await import("${new URL("../../dist/disk/folder-lock.js", import.meta.url)}");
    const held = await lockFolder(${JSON.stringify(folder)});
    await new Promise((resolve) => later(resolve, 100));
    await held.release();
    console.log("released");`;
  const args = [flag, "--allow-fs-read=*", "--allow-fs-write=*", "--input-type=module", "--eval", program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(stdout, stderr).toBe("released\n");
});
