/** A disk that is full at every single write of every command: nothing is lost, and the same command then ends as if there had been room. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { DiskTrial, diskCases, packing, study } from "./testing/full-disk-cases.ts";

const folder = temporaryFolder();
let trial: DiskTrial;
beforeAll(async () => {
  trial = await DiskTrial.begin(folder);
});
afterAll(() => trial.end());

it.each([...diskCases, packing])("$name", async (one) => {
  expect(await trial.fill(one)).toBeGreaterThan(3);
});

// It takes long, and one of its trainings writes as the other does.
it("study", async () => {
  await trial.fill(study, 3);
});
