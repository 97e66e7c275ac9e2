/** The command line in this process: what is printed where, exit statuses, refusals. */
import { execFileSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import type { Predictions } from "../run/predict.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { runRecorded } from "./testing/recorded-command.ts";

const folder = temporaryFolder();
let data: string;
let run: string;
let cache: string;
let small: readonly string[];

const naevus = (...argv: readonly string[]) => naevusIn({}, ...argv);

const naevusIn = ({ columns, list }: { columns?: number; list?: string | Buffer }, ...argv: readonly string[]) =>
  runRecorded(argv, {
    columns,
    environment: { XDG_CACHE_HOME: folder },
    ...(list !== undefined && { input: Readable.from([Buffer.from(list)]) }),
  });

beforeAll(async () => {
  data = join(folder, "data");
  run = join(folder, "run");
  cache = join(folder, "cache");
  const drawn = await naevus("data", "phantom", "--out", data, "--images", "40", "--size", "16");
  expect(drawn).toMatchObject({ status: 0, out: `${data}: 40 phantom images` });
  small = ["--data", data, "--image-size", "8", "--engine", "reference", "--batch", "8", "--cache", cache];
  expect(await naevus("train", ...small, "--epochs", "2", "--out", run)).toMatchObject({ status: 0 });
});

describe("train", () => {
  it("prints one line per epoch, the evaluation and the run folder", async () => {
    const { status, out } = await naevus("train", ...small, "--epochs", "2", "--out", join(folder, "plain"));
    expect(status).toBe(0);
    const lines = out.split("\n");
    expect(lines.filter((line) => /^epoch [12]\/2 {2}loss \d+\.\d{4} {2}accuracy \d+\.\d % /.test(line))).toHaveLength(
      2,
    );
    for (const line of lines.filter((line) => /^epoch|^official|test images/.test(line))) {
      expect(line).toContain("phantom data");
    }
    expect(out).toMatch(/balanced accuracy/);
    expect(out).toContain(`run: ${join(folder, "plain")}  (phantom data)`);
    expect(out.match(/[Nn]ot a medical device/g)).toHaveLength(1);
    expect(lines[0]).toMatch(/batch 8; f32 on plain TypeScript, 1 thread$/);
  });

  it("prints with --json nothing but one line of JSON to standard output", async () => {
    const out = join(folder, "json");
    const result = await naevus("train", ...small, "--epochs", "1", "--json", "--out", out);
    expect(result.status).toBe(0);
    expect(JSON.parse(result.out)).toMatchObject({
      run: out,
      epochs: 1,
      imagesPerSecond: expect.any(Number),
      loss: expect.any(Number),
      engine: "reference",
      precision: "f32",
      network: "notebook",
      parameters: expect.any(Number),
      notice: "phantom data",
      test: { protocol: "official", accuracy: expect.any(Number) },
    });
    expect(result.out).not.toContain("\n");
    expect(result.error).toMatch(/epoch 1\/1/);
  });

  it("takes settings from a file, and flags over the file", async () => {
    const config = join(folder, "settings.json");
    await writeFile(config, `\uFEFF${JSON.stringify({ epochs: 7, seed: 5, optimizer: "sgd", learningRate: 0.01 })}`);
    const out = join(folder, "from-file");
    const { status } = await naevus(
      "train",
      ...small,
      "--config",
      config,
      "--epochs",
      "1",
      "--momentum",
      "0.5",
      "--out",
      out,
    );
    expect(status).toBe(0);
    const { settings } = JSON.parse(await readFile(join(out, "config.json"), "utf8"));
    expect(settings).toMatchObject({ epochs: 1, seed: 5, optimizer: "sgd", learningRate: 0.01, momentum: 0.5 });
  });

  it("takes flags before the file, the file before the recipe, and the recipe before the defaults", async () => {
    const config = join(folder, "recipe.json");
    await writeFile(config, JSON.stringify({ recipe: "keras", epochs: 7, epsilon: 1e-6 }));
    const out = join(folder, "by-recipe");
    const { status } = await naevus("train", ...small, "--config", config, "--epochs", "1", "--out", out);
    expect(status).toBe(0);
    const { settings } = JSON.parse(await readFile(join(out, "config.json"), "utf8"));
    const ofRecipe = { recipe: "keras", initialization: "glorotUniform", schedule: "constant", keep: "last" };
    expect(settings).toMatchObject({ epochs: 1, epsilon: 1e-6, ...ofRecipe, labelSmoothing: 0 });
    expect(await naevus("train", "--resume", out, "--recipe", "keras")).toMatchObject({ status: 0 });
    expect((await naevus("train", "--resume", out, "--recipe", "fast")).error).toMatch(/the run has keras/);
  });

  it.each([
    [["--epochs", "0"], /^naevus: --epochs: expected a whole number of at least 1 and at most 100000, got 0$/],
    [["--epochs", "-1"], /--epochs: expected .* got -1$/],
    [["--epochs", "two"], /--epochs: expected .* got "two"$/],
    [
      ["--network", "resnet18w32"],
      /--network: expected one of notebook, resnet18-w32, efficientnetv2-mini, .* a JSON file, .*or the folder of a run, got "resnet18w32"; did you mean resnet18-w32\?/,
    ],
    [["--learning-rate", "0"], /--learning-rate: expected a number above 0/],
    [["--recipe", "kears"], /--recipe: expected one of keras, fast, got "kears"; did you mean keras\?/],
    [["--epochs", "3", "--seconds", "60"], /seconds: chooses the epochs, and epochs are given/],
    [["--momentum", "0.9"], /momentum: only sgd, rmsProp have it/],
    [["--epocs", "3"], /unknown option '--epocs'[\s\S]*--epochs/],
    [["--epochs"], /argument missing/],
    [["stray"], /too many arguments/],
    [["--data", "/none/there"], /\/none\/there: no such folder/],
    [["--config", "/none.json"], /\/none\.json: no such file; expected an object/],
    [["--config", "/"], /naevus: \/: a folder, not a file; expected an object/],
    [["--resume", "/none"], /\/none: no run there/],
    [["--precision", "bf16"], /bf16/],
  ])("refuses %j in a sentence", async (flags, message) => {
    const before = await readdir(folder);
    const { status, out, error } = await naevus("train", ...small, "--out", join(folder, "refused"), ...flags);
    expect({ status, out }).toEqual({ status: 1, out: "" });
    expect(error).toMatch(message);
    expect(error).not.toMatch(/\n {4}at /);
    expect(await readdir(folder)).toEqual(before);
  });

  it.each([
    ['{"epochs": 0}', /settings-bad\.json: epochs: expected a whole number/],
    ['{"epocs": 3}', /settings-bad\.json: epocs: unknown setting; did you mean epochs\?/],
    ["[1]", /settings-bad\.json: expected an object such as/],
    ["epochs: 3", /settings-bad\.json: no valid JSON/],
  ])("refuses the settings file %s", async (text, message) => {
    const config = join(folder, "settings-bad.json");
    await writeFile(config, text);
    const { status, error } = await naevus("train", ...small, "--config", config);
    expect(status).toBe(1);
    expect(error).toMatch(message);
  });

  it("keeps the model where no test image can be decoded", async () => {
    const spoilt = join(folder, "spoilt");
    await cp(data, spoilt, { recursive: true });
    const test = join(spoilt, "Test");
    for (const file of await readdir(test, { recursive: true })) {
      if (file.endsWith(".jpg")) await writeFile(join(test, file), "no image");
    }
    const out = join(folder, "unjudged");
    const result = await naevus("train", ...small, "--data", spoilt, "--epochs", "1", "--out", out);
    expect(result).toMatchObject({ status: 0, out: expect.stringContaining("There are no test images") });
    expect(result.error).toMatch(/Test\/.*\.jpg: not an image, left out/);
    expect(await readdir(out)).toContain("model.onnx");
  });

  it("refuses to overwrite a run", async () => {
    const { status, error } = await naevus("train", ...small, "--out", run);
    expect(status).toBe(1);
    expect(error).toMatch(/there is a run already/);
  });

  it("resumes with the run's settings, and refuses others", async () => {
    const copy = join(folder, "resumed");
    await cp(run, copy, { recursive: true });
    await rm(join(copy, "model.onnx"));
    const refused = await naevus("train", "--resume", copy, "--epochs", "9", "--seed", "1");
    expect(refused.status).toBe(1);
    expect(refused.error).toMatch(/leave out --epochs 9 \(the run has 2\) and --seed 1 \(the run has 0\)/);
    const elsewhere = await naevus("train", "--resume", copy, "--out", run);
    expect(elsewhere.error).toMatch(/leave out --out/);
    // What is the same may be given again.
    const again = await naevus("train", ...small, "--epochs", "2", "--resume", copy);
    expect(again).toMatchObject({
      status: 0,
      out: expect.stringContaining("the training is finished; writing the model"),
    });
    expect(await readFile(join(copy, "model.onnx"))).toEqual(await readFile(join(run, "model.onnx")));
  });
});

describe("evaluate", () => {
  it("prints tables, or one JSON object", async () => {
    const tables = await naevus("evaluate", run, "--data", data, "--cache", cache);
    expect(tables.status).toBe(0);
    expect(tables.out).toMatch(/official: \d+ images of 9 classes, phantom data[\s\S]*confusion matrix/);
    const json = await naevus("evaluate", run, "--data", data, "--cache", cache, "--json");
    const figures = JSON.parse(json.out);
    expect(Object.keys(figures)).toEqual(
      expect.arrayContaining([
        ...["protocol", "samples", "accuracy", "accuracyInterval", "balancedAccuracy", "classes", "perClass", "macro"],
        ...["weighted", "confusionMatrix"],
      ]),
    );
    expect(figures.origin).toBe("phantom");
  });

  it("says beside the figures which files were no images to be judged", async () => {
    const [other, map] = [join(folder, "not-judged"), join(folder, "left-out.csv")];
    await naevus("data", "phantom", "--out", other, "--images", "40", "--size", "16", "--seed", "8");
    await writeFile(join(other, "Test", "nevus", "moving.gif"), "");
    await writeFile(map, "class,becomes\nmelanoma,\n");
    const { status, out, error } = await naevus("evaluate", run, "--data", other, "--class-map", map, "--cache", cache);
    expect(status).toBe(0);
    expect(out).toMatch(/external: \d+ images of 8 of the model's 9 classes \(none of melanoma\)/);
    expect(error).toMatch(/moving\.gif: not JPEG/);
    expect(error).toMatch(/left-out\.csv: leaves out \d+ images of melanoma/);
  });

  it("asks for data, and names what is missing", async () => {
    expect(await naevus("evaluate", run)).toMatchObject({ status: 1, error: expect.stringContaining("--data") });
    const missing = await naevus("evaluate", join(folder, "none"), "--data", data);
    expect(missing).toMatchObject({ status: 1, error: expect.stringMatching(/none: no run there/) });
  });
});

describe("watch", () => {
  it("prints lines where there is no terminal", async () => {
    const { status, out } = await naevus("watch", run);
    expect(status).toBe(0);
    const lines = out.split("\n");
    expect(lines[0]).toMatch(/^notebook: .* parameters, 8x8 pixels, batch 8; f32 on plain TypeScript, 1 thread$/);
    expect(lines.slice(2)).toEqual([
      `run: ${run}`,
      expect.stringMatching(/^epoch 1\/2 {2}loss \d+\.\d{4} {2}accuracy .* {2}\(phantom data\)$/),
      expect.stringMatching(/^epoch 2\/2 {2}loss/),
      `finished after 2 epochs: ${run}`,
    ]);
  });

  it("draws a table and the losses over what it drew before in a terminal", async () => {
    const { status, out } = await naevusIn({ columns: 70 }, "watch", run);
    expect(status).toBe(0);
    const upAndErase = new RegExp(["\\[(\\d+)A", "\\[J"].map((sequence) => `\u001b${sequence}`).join(""), "g");
    const moves = [...out.matchAll(upAndErase)].map(([, lines]) => Number(lines));
    const pictures = out.replace(upAndErase, "\f").split("\f");
    // At the beginning, after each epoch and at the end.
    expect(pictures).toHaveLength(4);
    expect(pictures[0]).toContain("epoch 1 of 2 is under way");
    expect(pictures[1]).toContain("epoch 2 of 2 is under way");
    const last = pictures[3]!.split("\n");
    for (const line of last) expect(line.length).toBeLessThan(70);
    expect(last.find((line) => line.startsWith("epoch"))).toMatch(/^epoch +loss +accuracy +rate +images\/s +time$/);
    expect(pictures[3]).toMatch(/\n1\/2 .*\n2\/2 /);
    expect(pictures[3]).toContain("* training loss");
    expect(last.at(-1)).toMatch(/^finished after 2 epochs/);
    // Cursor movements fit what was drawn.
    const heights = pictures.slice(0, 3).map((picture) => picture.trimEnd().split("\n").length);
    expect(moves).toEqual(heights);
  });

  it("prints events as JSON lines, and refuses what is no run", async () => {
    const { out } = await naevus("watch", run, "--json");
    const events = out.split("\n").map((line) => JSON.parse(line));
    expect(events.map(({ kind }) => kind)).toEqual(["begin", "epoch", "epoch", "end"]);
    expect(events[3]).toEqual({ kind: "end", finished: true, epochs: 2 });
    expect(await naevus("watch", folder)).toMatchObject({ status: 1, error: expect.stringMatching(/no run there/) });
  });
});

describe("ensembles and views", () => {
  it("are named beside the figures", async () => {
    const image = join(data, "Test", "nevus", (await readdir(join(data, "Test", "nevus")))[0]!);
    const tables = await naevus("evaluate", run, run, "--data", data, "--cache", cache, "--tta");
    expect(tables).toMatchObject({ status: 0, error: "" });
    expect(tables.out).toMatch(/\nmean over 2 models and 8 views of each image\n/);
    const json = await naevus("predict", run, image, join(run, "model.onnx"), "--tta", "--json");
    expect(JSON.parse(json.out)).toMatchObject({ models: 2, views: 8, predictions: [{ image }] });
    expect(await naevus("predict", run, run)).toMatchObject({
      status: 1,
      error: "naevus: predict: expected image files, got runs alone",
    });
  });
});

describe("predict", () => {
  it("prints the likeliest classes, or all as JSON, and fails only where nothing was judged", async () => {
    const image = join(data, "Test", "nevus", (await readdir(join(data, "Test", "nevus")))[0]!);
    const text = await naevus("predict", run, image);
    expect(text.status).toBe(0);
    expect(text.out).toMatch(/\.jpg: .+ \d+\.\d %, .+ \d+\.\d %, .+ \d+\.\d % {2}\(phantom data\)$/);
    const mixed = await naevus("predict", run, image, join(folder, "none.jpg"), "--json");
    expect(mixed.status).toBe(0);
    expect(JSON.parse(mixed.out)).toMatchObject({
      notice: "phantom data",
      predictions: [{ image }, { error: expect.any(String) }],
    });
    expect(mixed.error).toMatch(/none\.jpg: no such file/);
    expect(mixed.error).toMatch(/\n1 of 2 images could not be judged$/);
    expect(await naevus("predict", run, join(folder, "none.jpg"))).toMatchObject({ status: 1, out: "" });
  });

  /** The images that were judged, in order. */
  const judged = (out: string): string[] => out.split("\n").map((line) => line.slice(0, line.indexOf(": ")));

  it("takes folders, patterns, and a list on standard input", async () => {
    const test = join(data, "Test");
    const images = (await readdir(test, { recursive: true })).filter((path) => /\.jpg$/.test(path)).sort();
    const expected = images.map((path) => join(test, path));
    expect(images.length).toBeGreaterThan(2);
    expect(judged((await naevus("predict", run, test)).out)).toEqual(expected);
    expect(judged((await naevus("predict", run, join(test, "**", "*.jpg"))).out)).toEqual(expected);
    expect(judged((await naevus("predict", run, join(test, "*"))).out)).toEqual(expected);
    const lines = await naevusIn({ list: `${expected.join("\r\n")}\n\n` }, "predict", run, "-");
    expect(judged(lines.out)).toEqual(expected);
    const ended = await naevusIn({ list: expected.join("\0") }, "predict", run, "--null", "-", "--json");
    expect(JSON.parse(ended.out).predictions.map(({ image }: { image: string }) => image)).toEqual(expected);
    expect(await naevus("predict", run, "--null", test)).toMatchObject({ status: 1, error: /--null/ });
    expect(await naevusIn({ list: "" }, "predict", run, "-")).toMatchObject({
      status: 1,
      error: expect.stringMatching(/standard input names no image/),
    });
  });

  it("takes a file that is called like a pattern for the file", async () => {
    const [first] = await readdir(join(data, "Test", "nevus"));
    const odd = join(folder, "nevus [1].jpg");
    await cp(join(data, "Test", "nevus", first!), odd);
    expect(judged((await naevus("predict", run, odd)).out)).toEqual([odd]);
  });

  it("gives every path that cannot be read an entry of its own, and judges the others", async () => {
    const [first] = await readdir(join(data, "Test", "nevus"));
    const image = join(data, "Test", "nevus", first!);
    const place = join(folder, "bad");
    await mkdir(join(place, "empty"), { recursive: true });
    await symlink("loop.jpg", join(place, "loop.jpg"));
    await symlink("gone", join(place, "broken.jpg"));
    await writeFile(join(place, "text.jpg"), "no image");
    execFileSync("mkfifo", [join(place, "pipe.jpg")]);
    const bad = [
      join(place, "loop.jpg"),
      join(place, "loop.jpg", "below"),
      join(place, "broken.jpg"),
      join(place, "text.jpg"),
      join(place, "pipe.jpg"),
      join(place, "empty"),
      join(place, "x".repeat(300)),
      join(place, "x".repeat(5000)),
      join(place, "text.jpg", "below.jpg"),
      join(place, "none*.jpg"),
      join(place, `${"x".repeat(300)}.onnx.jpg`),
      "/dev/zero",
      "",
    ];
    const { status, out, error } = await naevus("predict", run, ...bad, image, "--json");
    expect(status).toBe(0);
    const { predictions } = JSON.parse(out) as Predictions;
    expect(predictions.map((prediction) => prediction.image)).toEqual([...bad, image]);
    for (const prediction of predictions.slice(0, -1)) {
      expect(prediction).toEqual({ image: prediction.image, error: expect.stringMatching(/; /) });
    }
    expect(predictions.at(-1)).toHaveProperty("probability");
    expect(error.split("\n").at(-1)).toBe(`${bad.length} of ${bad.length + 1} images could not be judged`);
  });
});

describe("evaluate and compare", () => {
  it("say which images were judged, and that models are compared, not recipes", async () => {
    const other = join(folder, "external");
    await naevus("data", "phantom", "--out", other, "--images", "20", "--size", "16", "--seed", "3");
    const [seen] = (await readFile(join(run, "images.csv"), "utf8")).split("\n").filter((line) => /^train,/.test(line));
    const [, name, path] = seen!.split(",") as [string, string, string];
    await cp(join(data, path), join(other, "Test", name, "seen.jpg"));
    const judged = await naevus("evaluate", run, "--data", other, "--cache", cache);
    expect(judged.out).toMatch(/^external: 20 images of /);
    expect(judged.out).toContain("not judged, because seen in training: 1 by content");
    expect(judged.out).toContain(`  Test/${name}/seen.jpg: its content stands in training`);
    const insisted = await naevus("evaluate", run, "--data", other, "--cache", cache, "--allow-seen");
    expect(insisted.out).toMatch(/^external: 21 images of /);
    expect(insisted.out).toContain("judged although seen in training: 1 by content");
    const compared = await naevus("compare", run, join(run, "model.onnx"), "--data", other, "--cache", cache);
    expect(compared.out).toMatch(/: 20 images, external, phantom data; 1 not judged\n/);
    expect(compared.out).toContain("This compares trained models, not the recipes that they were trained by");

    const third = join(folder, "third");
    const child = join(folder, "child-of-run");
    await naevus("data", "phantom", "--out", third, "--images", "20", "--size", "16", "--seed", "4");
    const how = ["--engine", "reference", "--epochs", "1", "--batch", "4", "--cache", cache];
    await naevus("train", "--data", third, "--from", run, ...how, "--out", child);
    const withParent = await naevus("compare", child, run, "--data", other, "--cache", cache);
    expect(withParent.out).toMatch(/: 20 images, external, phantom data; 1 not judged\n/);
  });
});
