/** Every program in examples/ runs as its header says, on drawn images, by the package's own name. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../src/acquire/phantom/phantom-files.ts";
import { imageGraph } from "../src/network/image-graph.ts";
import { parseNetwork } from "../src/network/json/parse-network.ts";
import { temporaryFolder } from "../src/testing/temporary-folder.ts";

const examples = path.resolve(import.meta.dirname, "../examples");
const folder = temporaryFolder();
/** An image below `data/Test`. */
let image: string;

beforeAll(async () => {
  await writePhantomDataset(path.join(folder, "data"), { images: 72, size: 16, seed: 1 });
  await writePhantomDataset(path.join(folder, "elsewhere"), { images: 24, size: 16, seed: 9 });
  const files = readdirSync(path.join(folder, "data/Test"), { recursive: true }).map(String);
  image = path.join("data/Test", files.find((file) => file.endsWith(".jpg"))!);
});

/** What a program prints. It runs in the folder of the images, with a cache of its own. */
function run(name: string, ...args: readonly string[]): string {
  const env = { ...process.env, XDG_CACHE_HOME: path.join(folder, "cache"), OMP_WAIT_POLICY: "passive" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(examples, name), ...args], {
    cwd: folder,
    encoding: "utf8",
    env,
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

it.each(readdirSync(examples).filter((name) => name.endsWith(".mjs")))(
  "%s begins with what it does and the command that runs it",
  (name) => {
    const header = /^\/\*\*\n \* [A-Z][^\n]*(?:\n \* [^\n]+)*\.\n \*\n \* {5}node examples\/([\w.-]+)/;
    expect(header.exec(readFileSync(path.join(examples, name), "utf8"))?.[1]).toBe(name);
  },
);

it("trains, follows, predicts from a Buffer and evaluates external images", () => {
  const trained = run("train.mjs", "data", "2");
  expect(trained).toMatch(/epoch 1: loss [\d.]+, held out [\d.]+\nepoch 2: /);
  expect(trained).toMatch(/balanced accuracy on \d+ test images: [\d.]+\n/);
  const model = /^model: (.*model\.onnx)$/m.exec(trained)![1]!;
  const trainedRun = path.dirname(model);
  expect(run("follow.mjs", trainedRun)).toMatch(
    /^notebook, \d+ training images\nepoch 1 of 2: .*\nepoch 2 of 2: .*\nfinished\n$/,
  );
  expect(run("predict-buffer.mjs", trainedRun, image)).toMatch(/^(?:[a-z ]+: [\d.]+ %\n){3}$/);
  expect(run("evaluate-external.mjs", model, "elsewhere")).toMatch(/external[\s\S]*accuracy/);
});

it("trains a network of one's own by a loop of one's own", () => {
  const printed = run("own-loop.mjs", "data", "3", "16");
  expect(printed).toMatch(/^balanced accuracy on \d+ test images: [\d.]+$/m);
  const losses = [...printed.matchAll(/^epoch \d: loss ([\d.]+)$/gm)].map(([, loss]) => Number(loss));
  expect(losses).toHaveLength(3);
  expect(losses[2]).toBeLessThan(losses[0]!);
});

it("trains a network of one's own with functions of one's own", () => {
  const printed = run("own-network.mjs", "data", "3", "16");
  expect(printed).toMatch(/^(epoch \d: loss [\d.]+, balanced accuracy [\d.]+\n){3}3 epochs; model: .*model\.onnx\n$/);
});

it("augments by a policy of one's own", () => {
  expect(run("own-augmentation.mjs", image, "augmented.html")).toBe("8 pictures: augmented.html\n");
  const pictures = readFileSync(path.join(folder, "augmented.html"), "utf8").split("\n");
  expect(new Set(pictures).size).toBe(8);
});

it("cross-validates", () => {
  const printed = run("cross-validate.mjs", "data", "2", "1");
  expect(printed).toMatch(/^fold 0: [\d.]+ on \d+ images\nfold 1: [\d.]+ on \d+ images\nall folds: [\d.]+; /);
});

// Some ten seconds of computing, which takes long where other tests have the processors.
it("does a study", () => {
  const printed = run("study.mjs", "data", "study", "0.05", "16");
  expect(printed).toMatch(
    /^1\. [\s\S]*\n10\. .*\nthe recipe (?!undefined)\w[^\n]*: balanced accuracy [\d.]+\nreport: study\/report\.html\n$/,
  );
  expect(readFileSync(path.join(folder, "study/report.html"), "utf8")).toContain("<h1");
}, 240_000);

const networks = path.join(examples, "networks");
const written = readdirSync(networks).flatMap((file) => /^(.*)\.ts$/.exec(file)?.[1] ?? []);

it.each(written)("networks/%s.ts and .json are one network, for any classes and image size", async (name) => {
  const { default: make } = await import(path.join(networks, `${name}.ts`));
  const json = readFileSync(path.join(networks, `${name}.json`), "utf8");
  for (const options of [
    { classes: 9, imageSize: 96 },
    { classes: 2, imageSize: [8, 16] as const },
  ]) {
    const network = make(options);
    expect(parseNetwork(json, options)).toEqual(network);
    expect(imageGraph(network, options.classes).classes).toBe(options.classes);
  }
  expect(parseNetwork(json, { classes: 4 })).toEqual(make({ classes: 4 }));
});

it("says where each of the networks is from", () => {
  const readme = readFileSync(path.join(networks, "README.md"), "utf8");
  expect(written).toHaveLength(4);
  for (const name of written) expect(readme).toMatch(new RegExp(`^\\| \`${name}\` `, "m"));
});
