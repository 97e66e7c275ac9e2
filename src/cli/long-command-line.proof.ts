/** Command lines of any length: every command that loads a model, and programs that use the library, from the main thread or a worker. */
import { spawnSync } from "node:child_process";
import { cpSync, linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = temporaryFolder();
const data = join(folder, "data");
const run = join(folder, "run");
/** Where programs keep what they want to find again. */
const home = join(folder, "home");
const program = join(folder, "naevus.mjs");
const timeout = 240_000;

const paths = Array.from(
  { length: 5_000 },
  (_, i) => `images/dermatoscopy-of-the-second-visit/patient-${String(i).padStart(5, "0")}/left-forearm.jpg`,
);
/** Node's own arguments stand in the command line of whatever it runs. */
const longFlags = paths.map((path) => `--conditions=${path}`);

function node(...args: readonly string[]) {
  const { ORT_DISABLE_TELEMETRY: _, XDG_CACHE_HOME: __, ...environment } = process.env;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    env: { ...environment, HOME: home },
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  return { status, signal, stdout, stderr };
}

const well = { status: 0, signal: null };

const training = [
  ...["train", "--data", data, "--image-size", "16", "--batch", "8", "--epochs", "1"],
  ...["--engine", "reference", "--cache", join(folder, "cache")],
];

beforeAll(async () => {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const compiled = ["--project", join(root, "tsconfig.build.json"), "--outDir", join(folder, "dist")];
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...compiled], { encoding: "utf8", cwd: root });
  if (status !== 0) throw new Error(`the TypeScript compiler failed: ${stdout}`);
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  writeFileSync(
    program,
    'import { main } from "./dist/cli/main.js";\nprocess.exitCode = await main(process.argv.slice(2));',
  );
  mkdirSync(home);
  await writePhantomDataset(data, { images: 24, size: 16, seed: 2 });
  expect(node(program, ...training, "--out", run)).toMatchObject(well);
}, timeout);

it("predict judges 5,000 images that are named one by one", { timeout }, () => {
  const nevi = join(data, "Test", "nevus");
  const image = join(nevi, readdirSync(nevi)[0]!);
  for (const path of paths) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    linkSync(image, join(folder, path));
  }
  const { status, signal, stdout } = node(program, "predict", run, ...paths);
  expect({ status, signal }).toEqual(well);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.map((line) => line.split(": ")[0])).toEqual(paths);
});

it.each([
  ["train", [...training, "--out", join(folder, "second")]],
  ["evaluate", ["evaluate", run, "--data", data]],
  ["compare", ["compare", run, join(run, "model.onnx"), "--data", data]],
])("%s", { timeout }, (_, command) => {
  expect(node(...longFlags, program, ...command, "--cache", join(folder, "cache"))).toMatchObject(well);
});

it.each([
  ["the main thread", "await use();"],
  ["a worker thread alone", "if (isMainThread) new Worker(new URL(import.meta.url)); else await use();"],
])("a program that uses the library in %s", { timeout }, (_, start) => {
  const file = join(folder, "program.mjs");
  writeFileSync(
    file,
    `import { isMainThread, Worker } from "node:worker_threads";
     async function use() {
       const { loadModel } = await import("./dist/inference/model.js");
       const model = await loadModel(${JSON.stringify(join(run, "model.onnx"))});
       const rows = await model.probabilities(new Uint8Array(16 * 16 * 3), 1);
       console.log(rows.length === model.classes.length);
       await model.dispose();
     }
     ${start}`,
  );
  expect(node(file, ...paths)).toEqual({ ...well, stdout: "true\n", stderr: "" });
});

it("leaves no identifier of this machine in the user's folders", () => {
  expect(readdirSync(home, { recursive: true })).toEqual([]);
});
