/** A disk that is full at some writes of commands; `full-disk.proof.ts` has it full at each of them. */
import { afterAll, beforeAll, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { DiskTrial, diskCases } from "./testing/full-disk-cases.ts";

const folder = temporaryFolder();
let trial: DiskTrial;
beforeAll(async () => {
  trial = await DiskTrial.begin(folder);
});
afterAll(() => trial.end());

it.each(diskCases.filter(({ name }) => name !== "cross-validate"))("$name", async (one) => {
  await trial.fill(one, 4);
});
