/** `--from` and `--freeze` at the command line: what is said at the start and in the figures, and what is refused. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { runRecorded } from "./testing/recorded-command.ts";

const folder = temporaryFolder();
const at = (...names: readonly string[]) => join(folder, ...names);
const naevus = (...argv: readonly string[]) => runRecorded(argv, { environment: { XDG_CACHE_HOME: folder } });
const train = (data: string, out: string, ...argv: readonly string[]) =>
  naevus("train", ...["--engine", "reference", "--epochs", "1", "--data", at(data), "--out", at(out)], ...argv);

beforeAll(async () => {
  await writePhantomDataset(at("first"), { images: 40, size: 8, seed: 1 });
  await writePhantomDataset(at("own"), { images: 60, size: 8, seed: 2 });
  for (const part of ["Train", "Test"]) await rm(at("own", part, "nevus"), { recursive: true, force: true });
  const { status, error } = await train("first", "parent", "--image-size", "8");
  expect(status, error).toBe(0);
});

it("goes on from a run, says which layer begins anew and what is frozen, and names the lineage with the figures", async () => {
  const { status, out, error } = await train("own", "child", "--from", at("parent"), "--freeze", "5");
  expect(status, error).toBe(0);
  expect(out).toContain(
    "going on from notebook, which was trained on 9 classes: its last layer (layers[13]) begins anew, the first 5 layers stay as they are",
  );
  expect(out).toMatch(/\nwent on from notebook, trained on \d+ images of 9 classes \(/);
  const judged = await naevus("evaluate", at("child", "model.onnx"), "--data", at("own"));
  expect(judged.out, judged.error).toMatch(/\nwent on from notebook, trained on/);
});

it("trains, and does not evaluate, where every test image was trained on before or that is not told", async () => {
  const silent = await train("first", "silent", "--image-size", "8", "--no-hashes");
  expect(silent.status).toBe(0);
  const { status, out, error } = await train("own", "unknown", "--from", at("silent", "model.onnx"));
  expect(status, error).toBe(0);
  expect(error).toContain("nothing tells which images a model was trained on that this training goes on from");
  expect(out).toContain("There are no test images that it may be evaluated on, so the model was not evaluated.");
});

it("refuses another model to resume with, and --freeze by itself", async () => {
  const resumed = await naevus("train", "--resume", at("parent"), "--from", at("child"));
  expect(resumed.error).toContain("--resume goes on with the run's own settings; leave out --from");
  const { status, error } = await train("own", "none", "--freeze", "2");
  expect(status).toBe(1);
  expect(error).toContain("freeze: keeps the weights that a training begins with, which are random without from");
});
