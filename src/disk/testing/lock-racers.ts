/** For tests: processes that race for a folder's lock. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { compileModule } from "../../testing/compiled.ts";
import { ownIdentity } from "../process-identity.ts";

/** Waits for the moment at which all start, tries, and holds what it got until it is told to let go. */
const racer = `
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockFolder } from "./out/disk/folder-lock.js";
let lock;
const tryOnce = () => lockFolder(process.argv[2]).catch((error) => {
  if (error.name !== "LockedError") throw error;
});
const jobs = {
  async race(at) {
    while (performance.timeOrigin + performance.now() < at);
    lock = await tryOnce();
    return lock !== undefined;
  },
  async letGo() {
    await lock?.release();
    lock = undefined;
  },
  // Nobody waits for anybody: some find the lock as it is let go of.
  async turmoil(times) {
    const counts = { held: 0, double: 0 };
    const inside = join(process.argv[2], "inside");
    for (let i = 0; i < times; i++) {
      const own = await tryOnce();
      if (own === undefined) continue;
      counts.held++;
      try {
        writeFileSync(inside, "", { flag: "wx" });
        await new Promise(setImmediate);
        rmSync(inside);
      } catch {
        counts.double++;
      }
      await own.release();
    }
    return counts;
  },
};
process.on("message", async ({ job, value }) => process.send({ answer: await jobs[job](value) }));
process.send("ready");
`;

export interface LockRacers {
  /** What they race for. */
  readonly run: string;
  /** Races, fresh ones and such with a lock that was left; gives how many of them had so many holders. */
  race(times: number): Promise<Readonly<Record<number, number>>>;
  /** Each takes the folder and lets go of it, without waiting for anybody; gives how often one did, and how often another had it then. */
  turmoil(times: number): Promise<{ readonly held: number; readonly double: number }>;
  end(): void;
}

/** Starts processes that race for `<folder>/run`. */
export async function startLockRacers(folder: string, count: number): Promise<LockRacers> {
  const run = join(folder, "run");
  compileModule("disk/folder-lock.ts", folder);
  writeFileSync(join(folder, "racer.js"), racer);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  mkdirSync(run);
  const children: ChildProcess[] = await Promise.all(
    Array.from({ length: count }, async () => {
      const child = spawn(process.execPath, [join(folder, "racer.js"), run], {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      await once(child, "message");
      return child;
    }),
  );
  const ask = <T>(job: string, value?: number): Promise<T[]> =>
    Promise.all(
      children.map(async (child) => {
        child.send({ job, value });
        const [{ answer }] = await once(child, "message");
        return answer;
      }),
    );
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  const left = [
    undefined,
    `${pid} ${hostname()} ${ownIdentity.space} 1 0123456789ab\n`,
    `${pid} ${hostname()}\n`,
    `${process.pid} ${hostname()} ${ownIdentity.space} 1 0123456789ab\n`,
  ];
  return {
    run,
    async race(times) {
      const holders: Record<number, number> = {};
      for (let race = 0; race < times; race++) {
        const text = left[race % left.length];
        if (text !== undefined) await writeFile(join(run, ".lock"), text);
        const got = (await ask<boolean>("race", Date.now() + 4)).filter(Boolean).length;
        holders[got] = (holders[got] ?? 0) + 1;
        await ask("letGo");
      }
      return holders;
    },
    async turmoil(times) {
      const counts = await ask<{ held: number; double: number }>("turmoil", times);
      return {
        held: counts.reduce((sum, { held }) => sum + held, 0),
        double: counts.reduce((sum, { double }) => sum + double, 0),
      };
    },
    end() {
      for (const child of children) child.kill();
    },
  };
}
