/** Processes that race for a folder: 1,000 times, fresh and after a kill, exactly one of them gets it. */
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { type LockRacers, startLockRacers } from "./testing/lock-racers.ts";

const folder = temporaryFolder();
let racers: LockRacers;

beforeAll(async () => {
  racers = await startLockRacers(folder, 4);
});
afterAll(() => {
  racers?.end();
});

it("one process holds the folder, after each of 1,000 races", async () => {
  expect(await racers.race(1000)).toEqual({ 1: 1000 });
  expect(await readdir(racers.run)).toEqual([]);
});

it("never two processes hold the folder, while it is taken and let go of without a pause", async () => {
  const { held, double } = await racers.turmoil(2000);
  expect(held).toBeGreaterThan(100);
  expect(double).toBe(0);
  expect(await readdir(racers.run)).toEqual([]);
});
