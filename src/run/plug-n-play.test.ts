/** A run where file handles lack what those of yarn's Plug'n'Play lack. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { evaluate } from "./evaluate.ts";
import { dataset, expectedModel, folder, model, run, settings } from "./testing/small-run.ts";
import { train } from "./train.ts";

/** Of yarn 4.18. */
const notImplemented = ["datasync", "readableWebStream", "readv", "sync", "utimes"];

it("is trained and evaluated", async () => {
  const handle = await open(import.meta.filename);
  await handle.close();
  for (const name of notImplemented) {
    vi.spyOn(Object.getPrototypeOf(handle), name).mockRejectedValue(new Error("Method not implemented."));
  }
  const cache = join(folder, "own-cache");
  await train(dataset, { ...settings, cache, out: run });
  expect(await model()).toEqual(expectedModel);
  expect(await evaluate(run, dataset, { cache })).toMatchObject({ protocol: "official", samples: 9 });
});
