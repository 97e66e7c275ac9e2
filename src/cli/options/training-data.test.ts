/** Which data are taken where none are given. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { trainingData } from "./training-data.ts";

const home = process.cwd();
let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(home);
});

async function find(given: string | undefined, environment: NodeJS.ProcessEnv) {
  const notes: string[] = [];
  const stop = new AbortController();
  const data = await trainingData({
    given,
    cache: join(folder, "cache"),
    environment,
    note: (message) => notes.push(message),
    onProgress: () => stop.abort(), // the drawing has begun, which is all that is asked
    signal: stop.signal,
  }).catch((error: Error) => error.name);
  return { data, notes: notes.join("\n") };
}

it("takes what is given, then NAEVUS_DATA, then data/isic9, and draws phantom data at last", async () => {
  const environment = { NAEVUS_DATA: "/elsewhere" };
  expect(await find(undefined, {})).toEqual({
    data: "AbortError",
    notes: expect.stringMatching(/^phantom data: no --data/),
  });
  await mkdir("data/isic9", { recursive: true });
  expect(await find(undefined, {})).toEqual({ data: "data/isic9", notes: "data: data/isic9" });
  expect(await find(undefined, environment)).toEqual({ data: "/elsewhere", notes: "data: /elsewhere (NAEVUS_DATA)" });
  expect(await find("/given", environment)).toEqual({ data: "/given", notes: "" });
});
