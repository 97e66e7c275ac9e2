/** The folder of a new run: what may stand in it already, and what is made of it inside the data folder. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeDefaultRunFolder, makeRunFolder, refuseUsedFolder } from "./run-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "naevus-run-folder-"));
});
afterEach(() => rm(folder, { recursive: true }));

it.each([".DS_Store", "Thumbs.db", "desktop.ini", "Desktop.ini", ".directory"])("%s is nothing", async (name) => {
  await writeFile(join(folder, name), "");
  await refuseUsedFolder(folder);
});

it.each([
  ["config.json", "there is a run already"],
  ["thesis.txt", "the folder is not empty (thesis.txt)"],
])("%s is something", async (name, message) => {
  await writeFile(join(folder, name), "");
  await writeFile(join(folder, ".DS_Store"), "");
  await expect(refuseUsedFolder(folder)).rejects.toThrow(message);
});

it("is marked in the data folder, and nowhere else", async () => {
  await makeRunFolder(join(folder, "run"), folder);
  await makeRunFolder(join(folder, "other"), join(folder, "data"));
  expect(await readdir(join(folder, "run"))).toEqual([".naevus-output"]);
  expect(await readdir(join(folder, "other"))).toEqual([]);
});

it("without a name is marked as a whole, or alone where there are older runs without a mark", async () => {
  const runs = join(folder, "runs");
  const run = await makeDefaultRunFolder(runs, "notebook", folder);
  expect([await readdir(runs), await readdir(run)]).toEqual([[".naevus-output", "notebook"], []]);
  const older = join(folder, "older");
  await mkdir(join(older, "notebook"), { recursive: true });
  const second = await makeDefaultRunFolder(older, "notebook", folder);
  expect(second).toBe(join(older, "notebook-2"));
  expect(await readdir(second)).toEqual([".naevus-output"]);
});
