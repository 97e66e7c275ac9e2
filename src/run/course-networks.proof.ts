/** The four course networks of `examples/networks/` through every verb, from a module, from JSON and from the stored run, to the same bits. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { runRecorded } from "../cli/testing/recorded-command.ts";
import { parseNetwork } from "../network/json/parse-network.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = temporaryFolder();
const data = join(folder, "data");
const elsewhere = join(folder, "elsewhere");
const environment = { ...process.env, XDG_CACHE_HOME: folder };
const small = ["--data", data, "--image-size", "8", "--batch", "8", "--epochs", "3"];

/** A command that has to end well; what it prints. */
async function naevus(...argv: readonly string[]): Promise<string> {
  const { status, out, error } = await runRecorded(argv, { environment });
  expect(status, error).toBe(0);
  return out;
}

/** Trains in a process of its own, which is killed once it has written a checkpoint. */
const killed = (argv: readonly string[], run: string): Promise<NodeJS.Signals | null> =>
  new Promise((done) => {
    const child = spawn(process.execPath, [join(root, "bin/naevus.js"), ...argv], {
      env: environment,
      stdio: "ignore",
    });
    const watch = setInterval(() => {
      if (existsSync(join(run, "metrics.jsonl"))) child.kill("SIGKILL");
    }, 5);
    child.once("close", (_, signal) => {
      clearInterval(watch);
      done(signal);
    });
  });

const bits = (run: string) => readFile(join(run, "model.onnx"), "base64");

beforeAll(async () => {
  await naevus("data", "phantom", "--out", data, "--images", "72", "--size", "8");
  await naevus("data", "phantom", "--out", elsewhere, "--images", "36", "--size", "8", "--seed", "5");
});

it.each(["notebook", "vgg", "small-residual", "squeeze-excitation"])("%s", async (name) => {
  const place = (run: string) => join(folder, `${name}-${run}`);
  const json = join(root, "examples/networks", `${name}.json`);
  // What the function of the TypeScript file gives, which Node 20 would not load.
  const { default: make } = await import(/* @vite-ignore */ json.replace(/json$/, "ts"));
  const module = join(folder, `${name}.mjs`);
  const made = make({ classes: 9, imageSize: 8 });
  await writeFile(module, `export default () => (${JSON.stringify(made)});`);
  expect(parseNetwork(await readFile(json, "utf8"), { classes: 9, imageSize: 8 })).toEqual(made);

  await naevus("train", ...small, "--network", json, "--out", place("json"));
  await naevus("train", ...small, "--network", module, "--out", place("module"));
  await naevus("train", ...small, "--network", place("json"), "--out", place("stored"));
  const signal = await killed(["train", ...small, "--network", json, "--out", place("killed")], place("killed"));
  await naevus("train", "--resume", place("killed"));
  for (const run of ["module", "stored", "killed"])
    expect(await bits(place(run)), `${run} ${signal}`).toBe(await bits(place("json")));

  const own = JSON.parse(await naevus("evaluate", place("json"), "--data", data, "--json"));
  expect(own).toMatchObject({ protocol: "official" });
  // By ONNX Runtime, from the model file alone.
  const model = join(place("stored"), "model.onnx");
  expect(JSON.parse(await naevus("evaluate", model, "--data", data, "--json")).confusionMatrix).toEqual(
    own.confusionMatrix,
  );
  expect(JSON.parse(await naevus("evaluate", model, "--data", elsewhere, "--json")).protocol).toBe("external");
  await naevus("train", ...small, "--network", json, "--seed", "1", "--out", place("other"));
  expect(await naevus("compare", place("json"), place("other"), "--data", elsewhere)).toContain(place("other"));
  const { predictions } = JSON.parse(await naevus("predict", place("json"), join(elsewhere, "Test"), "--json"));
  expect(predictions.length).toBeGreaterThan(0);
  await naevus("cross-validate", ...small, "--network", json, "--folds", "2", "--out", place("folds"));
  const folds = await readFile(join(place("folds"), "fold-0/config.json"), "utf8");
  expect(JSON.parse(folds).settings.network).toEqual(made);
});

it.each([
  ["notebook", "JSON"],
  ["vgg", "JSON"],
  ["small-residual", "a module"],
  ["squeeze-excitation", "JSON"],
])("%s through a study and its report, from %s", async (name, form) => {
  const json = join(root, "examples/networks", `${name}.json`);
  const module = join(folder, `${name} of classes.mjs`);
  const text = JSON.stringify(await readFile(json, "utf8"));
  await writeFile(module, `export default ({ classes }) => JSON.parse(${text}.replaceAll('"classes"', classes));`);
  const out = join(folder, `${name}-study`);
  const network = form === "JSON" ? json : module;
  await naevus("study", "--data", data, "--network", network, "--image-size", "8", "--budget", "0.2", "--out", out);
  const { recipes, final, networks, budget } = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
  const called = `course-${name}`;
  expect(budget.compared).toBe(called);
  expect(recipes.recipes.map((one: { readonly name: string }) => one.name)).toEqual([
    "the notebook's",
    called,
    `${called}, regularised`,
  ]);
  expect(networks.final.name).toBe(final.recipe.network.name ?? final.recipe.network);
  const report = await readFile(join(out, "report.html"), "utf8");
  for (const says of [`with the network ${called}, plain and regularised`, `>Network ${networks.final.name}</title>`])
    expect(report.includes(says), says).toBe(true);
});

it("a study merges classes by a map, and its report says so", async () => {
  const classMap = join(folder, "two.csv");
  const groups = { malignant: ["melanoma", "basal cell carcinoma", "squamous cell carcinoma"], "": ["nevus"] };
  const others = [
    "actinic keratosis",
    "dermatofibroma",
    "pigmented benign keratosis",
    "seborrheic keratosis",
    "vascular lesion",
  ];
  const rows = Object.entries({ ...groups, benign: others }).flatMap(([to, names]) =>
    names.map((from) => `${from},${to}`),
  );
  await writeFile(classMap, ["class,becomes", ...rows].join("\n"));
  const out = join(folder, "study");
  await naevus("study", "--data", data, "--class-map", classMap, "--image-size", "8", "--budget", "0.1", "--out", out);
  const report = await readFile(join(out, "report.html"), "utf8");
  // A report is too long to be printed.
  const says = (text: string): boolean => report.includes(text);
  expect(
    says("Classes were mapped: malignant: melanoma, basal cell carcinoma, squamous cell carcinoma; benign: "),
  ).toBe(true);
  expect(says("; left out: nevus (")).toBe(true);
  expect(says("malignant against benign")).toBe(true);
  expect(says(folder)).toBe(false);
});
