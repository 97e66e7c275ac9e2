/** A run on published folders and one on a drawn split, trained once for each test file that imports this. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach } from "vitest";
import { writePhantomDataset } from "../../../acquire/phantom/phantom-files.ts";
import type { Evaluation } from "../../../evaluation/judgement/evaluation.ts";
import { readDataset } from "../../../image/read-dataset.ts";
import { temporaryFolder } from "../../../testing/temporary-folder.ts";
import type { SettingsInput } from "../../../training/settings/schema.ts";
import { evaluate, type JudgingContext } from "../../evaluate.ts";
import { readConfig } from "../../folder/run-config.ts";
import { readRunImages } from "../../folder/run-images.ts";
import { train } from "../../train.ts";
import { type DataSettings, openData, openJudgedData } from "../open-data.ts";

/** Of all tests in the file. */
export const folder = temporaryFolder();
/** Train and Test, 96 images, as phantoms come. */
export let published: string;
/** One folder per class, of which a fifth is drawn. */
export let flat: string;
/** One epoch on the reference engine. */
export let settings: SettingsInput;
/** Trained on `published`. */
export let publishedRun: string;
/** Trained on `flat`. */
export let flatRun: string;
/** Of all runs. */
export let cache: string;
/** A copy of `flat` or `published` that a test may change. */
export let copy: string;
let copies = 0;

beforeAll(async () => {
  published = join(folder, "published");
  flat = join(folder, "flat");
  cache = join(folder, "cache");
  await writePhantomDataset(published, { images: 96, size: 16, seed: 1 });
  await cp(join(published, "Train"), flat, { recursive: true });
  settings = { engine: "reference", imageSize: 8, batch: 8, epochs: 1, seed: 7, cache };
  publishedRun = join(folder, "published-run");
  flatRun = join(folder, "flat-run");
  await train(await readDataset(published), { ...settings, out: publishedRun });
  await train(await openData(flat, settings), { ...settings, out: flatRun });
});
beforeEach(() => {
  copy = join(folder, `copy-${++copies}`);
});

/** As the command judges. */
export const judge = async (
  run: string | readonly string[],
  data: string,
  { given = {}, ...context }: JudgingContext & { readonly given?: DataSettings } = {},
): Promise<Evaluation> => {
  const runs = typeof run === "string" ? [run] : run;
  const { dataset, metadata } = await openJudgedData(runs, data, { ...given, cache });
  return evaluate(runs, dataset, { cache, metadata, ...context });
};
/** The model file of a run. */
export const modelOf = (run: string) => join(run, "model.onnx");
/** What must be the same where the same images are judged. */
export const figuresOf = ({ protocol, samples, correct, confusionMatrix }: Evaluation) => ({
  protocol,
  samples,
  correct,
  confusionMatrix,
});
/** What a run kept of its images. */
export const imagesOf = async (run: string) => (await readRunImages(run, (await readConfig(run)).data))!;
/** The paths of its images in one part. */
export const pathsOf = async (run: string, part: string) =>
  (await imagesOf(run)).filter((image) => image.part === part).map(({ path }) => path);
