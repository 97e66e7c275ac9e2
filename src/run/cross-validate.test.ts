/** Cross-validation that is stopped goes on to the same figures. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../image/phantom.ts";
import { crossValidate } from "./cross-validate.ts";
import type { RunEvent } from "./train.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "naevus-cross-validation-"));
});
afterAll(() => rm(folder, { recursive: true }));

it("goes on in the middle of a fold", async () => {
  const data = join(folder, "data");
  await writePhantomDataset(data, { images: 40, size: 16, seed: 1 });
  const settings = { engine: "reference", imageSize: 16, batch: 8, epochs: 2, cache: join(folder, "cache") } as const;
  const whole = await crossValidate(data, { ...settings, out: join(folder, "whole") }, { folds: 2 });

  const out = join(folder, "stopped");
  const stop = new AbortController();
  let begun = 0;
  const onEvent = ({ kind }: RunEvent) => {
    if (kind === "begin") begun++;
    if (kind === "step" && begun === 2) stop.abort();
  };
  const stopped = await crossValidate(data, { ...settings, out }, { folds: 2, signal: stop.signal, onEvent });
  expect(stopped).toEqual({ folder: out, evaluation: undefined });
  expect((await readdir(join(out, "fold-1"))).sort()).not.toContain("model.onnx");
  const { evaluation } = await crossValidate(data, { ...settings, out }, { folds: 2 });
  expect(evaluation).toEqual(whole.evaluation);
  expect(evaluation).toMatchObject({ samples: 40, protocol: "grouped:2", groupedBy: ["content"] });
});
