/** A study with a network of one's own, from a function: made for the curated classes, compared, chosen, and told of in every text. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { NetworkError } from "../../errors.ts";
import { study } from "../../library/study.ts";
import { type ArchitectureOptions, imageInput } from "../../network/architectures.ts";
import {
  batchNorm,
  conv2d,
  dense,
  globalAveragePool,
  maxPool,
  type Network,
  normalize,
  relu,
} from "../../network/layer.ts";
import { readConfig } from "../../run/folder/run-config.ts";
import type { StudyOptions } from "../../study/open-study.ts";
import type { StudyEvent } from "../../study/study-context.ts";
import type { StudyReport } from "../../study/study-report.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { markdownReport } from "./study-markdown.ts";
import { studyPage } from "./study-page.ts";
import { spoil, steadyStopwatch } from "./testing/small-study.ts";

const folder = temporaryFolder();
const name = "small & own";
const small = ({ classes, imageSize = 24 }: ArchitectureOptions, filters = 16): Network => ({
  name,
  input: imageInput(imageSize),
  layers: [
    normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
    conv2d(filters, 3, { bias: false }),
    batchNorm(),
    relu(),
    maxPool(2),
    conv2d(32, 3, { bias: false }),
    batchNorm(),
    relu(),
    globalAveragePool(),
    dense(classes),
  ],
});

/** What the function was called with. */
const asked: ArchitectureOptions[] = [];
const own = (options: ArchitectureOptions): Network => {
  asked.push(options);
  return small(options);
};

let options: StudyOptions;
let report: StudyReport;

beforeAll(async () => {
  const data = join(folder, "data");
  await writePhantomDataset(data, { images: 150, size: 16, seed: 1 });
  await spoil(data);
  options = {
    data,
    out: join(folder, "study"),
    budget: 0.4,
    network: own,
    // So fast that the notebook's network, which normalizes no batch, learns nothing.
    settings: { imageSize: 8, batch: 8, seed: 2, learningRate: 0.1, threads: 1, cache: join(folder, "cache") },
    stopwatch: steadyStopwatch(),
  };
  report = await study(options);
}, 240_000);

/** Recipes that are trained anew, until the first of them. */
async function trainedAnew(changed: Partial<StudyOptions>): Promise<string[]> {
  const stop = new AbortController();
  const fits: string[] = [];
  const onEvent = (event: StudyEvent) => {
    if (event.kind !== "fit") return;
    fits.push(event.recipe);
    stop.abort();
  };
  await study({ ...options, ...changed, onEvent, signal: stop.signal }).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return fits;
}

it("calls the function with the classes that curation leaves, and the size of the images", () => {
  expect(report.classes).toHaveLength(8);
  expect(new Set(asked.map((one) => JSON.stringify(one)))).toEqual(new Set(['{"classes":8,"imageSize":8}']));
});

it("compares it by its name, and the final model's run and the report hold it whole", async () => {
  const { recipes, final, budget, networks } = report;
  expect(recipes.recipes.map((one) => one.name)).toEqual(["the notebook's", name, `${name}, regularised`]);
  expect(budget).toMatchObject({ compared: name, speeds: [{ network: "notebook" }, { network: name }] });
  expect(recipes.chosen).toContain(name);
  expect(final.recipe.network).toEqual(small({ classes: 8, imageSize: 8 }));
  expect((await readConfig(join(options.out, final.run))).settings.network).toEqual(final.recipe.network);
  expect(networks.final).toMatchObject({ name, classes: 8 });
  expect(networks.compared).toEqual(networks.final);
});

it("tells of it in every text, and of no larger network", async () => {
  const page = (await studyPage(report)).replaceAll(/"data:[^"]*"/g, "");
  const texts = [
    page,
    markdownReport(report),
    ...(await Promise.all(
      ["report.html", "report.md", "model-card.md"].map((file) => readFile(join(options.out, file), "utf8")),
    )),
  ];
  for (const text of texts) {
    expect(text.replaceAll("&amp;", "&").replaceAll("\\&", "&").includes(name)).toBe(true);
    expect(text.match(/.{40}(?:larger network|ResNet|\[object).{40}/g)).toBeNull();
  }
  expect(page.includes("with the network small &amp; own, plain and regularised")).toBe(true);
  const drawings = (text: string) => text.split(">Network small &amp; own</title>").length - 1;
  expect(drawings(page)).toBe(1);
  const { networks } = report;
  expect(drawings(await studyPage({ ...report, networks: { ...networks, final: networks.initial } }))).toBe(1);
});

it("goes on with the same network, and takes no step of another one of the same name", async () => {
  expect(await trainedAnew({})).toEqual([]);
  expect(await trainedAnew({ network: small({ classes: 8, imageSize: 8 }) })).toEqual([]);
  const before = await readdir(join(options.out, "steps"));
  expect(await trainedAnew({ network: (given) => small(given, 8), out: options.out })).toHaveLength(1);
  expect(await readdir(join(options.out, "steps"))).toEqual(expect.arrayContaining(before));
});

it("says before it trains that a network is of other classes, and that curation left one out", async () => {
  const events: string[] = [];
  const refused = study({
    ...options,
    out: join(folder, "refused"),
    network: small({ classes: 9, imageSize: 8 }),
    onEvent: ({ kind }) => events.push(kind),
  });
  await expect(refused).rejects.toThrow(NetworkError);
  await expect(refused).rejects.toThrow(
    /^network "small & own": its last layer gives 9 logits, and the data have 8 classes; .*; curation left out "squamous cell carcinoma"$/,
  );
  expect(events).not.toContain("epoch");
});

it("refuses at once what is no network", async () => {
  const out = join(folder, "none");
  await expect(study({ ...options, out, network: [] as never })).rejects.toThrow(/^study: network: expected one of/);
  await expect(study({ ...options, out, network: { ...small({ classes: 8 }), name: "" } })).rejects.toThrow(/name/);
});
