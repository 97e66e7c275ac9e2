/** Every option of every command that takes a path, given every kind of path that leads nowhere: one sentence, and nothing is left behind. */
import { spawnSync } from "node:child_process";
import { chmod, cp, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { runRecorded } from "./testing/recorded-command.ts";

const folder = temporaryFolder();

const inFolder = (...names: readonly string[]) => join(folder, ...names);

const naevus = (argv: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  runRecorded(argv, { environment: { XDG_CACHE_HOME: inFolder("cache"), ...environment } });

/** What makes each kind of bad path stand below `bad/`; it gives the path. */
const kinds = {
  missing: async (at: string) => at,
  "a folder": async (at: string) => {
    await mkdir(at);
    return at;
  },
  "a file": async (at: string) => {
    await writeFile(at, "text");
    return at;
  },
  "a circle of links": async (at: string) => {
    await symlink(at, at);
    return at;
  },
  "a broken link": async (at: string) => {
    await symlink(join(at, "..", "gone"), at);
    return at;
  },
  "a long name": async (at: string) => at.replace(/\w+(\.\w+)?$/, `${"x".repeat(300)}$1`),
  "a name with NUL": async (at: string) => at.replace(/(\.\w+)?$/, "\0$1"),
  "below a file": async (at: string) => {
    await writeFile(at, "text");
    return join(at, at.endsWith(".onnx") ? "model.onnx" : "below");
  },
  "a pipe": async (at: string) => {
    expect(spawnSync("mkfifo", [at]).status).toBe(0);
    return at;
  },
  "without permission": async (at: string) => {
    await mkdir(at, { mode: 0o000 });
    return at.endsWith(".onnx") ? join(at, "model.onnx") : join(at, "within");
  },
} satisfies Readonly<Record<string, (at: string) => Promise<string>>>;

type Kind = keyof typeof kinds;

const unwritable: readonly Kind[] = ["a long name", "a name with NUL", "below a file", "a pipe", "without permission"];

/** What an option wants, and so what is wrong for it. */
const roles: Readonly<Record<string, readonly Kind[]>> = {
  "input file": (Object.keys(kinds) as Kind[]).filter((kind) => kind !== "a file"),
  image: Object.keys(kinds) as Kind[],
  "input folder": (Object.keys(kinds) as Kind[]).filter((kind) => kind !== "a folder"),
  // A new folder is made, with those above it.
  "output folder": ["a file", "a circle of links", "a broken link", ...unwritable],
  "output file": ["a folder", "a circle of links", "a broken link", ...unwritable],
  // A link of that name is replaced.
  "file to replace": ["a folder", ...unwritable],
};

/** Stands for the bad path; all other words are such as work. */
const bad = "BAD";

const data = ["--data", "data"];
const quick = ["--engine", "reference", "--image-size", "8", "--batch", "8", "--epochs", "1"];
const train = ["train", ...data, ...quick, "--out", "new"];
const fold = ["cross-validate", ...data, ...quick, "--folds", "2", "--out", "new"];
const evaluate = ["evaluate", "run", ...data];
const compare = ["compare", "run", "run", ...data];
const audit = ["audit", ...data, "--out", "new"];
const curate = ["curate", ...data, "--out", "new.csv"];
const show = ["show", ...data, "--out", "new"];
const study = ["study", ...data, "--engine", "reference", "--image-size", "8", "--out", "new"];

const network = ["network", "notebook", "--engine", "reference", "--image-size", "8", "--batch", "8", "--no-measure"];

/** The command with the bad path for one of its options. */
const but = (command: readonly string[], option: string) => {
  const at = command.indexOf(option);
  return at < 0 ? [...command, option, bad] : command.map((word, i) => (i === at + 1 ? bad : word));
};

const table: readonly (readonly [role: keyof typeof roles, command: readonly string[]])[] = [
  ...["--config", "--metadata", "--curation", "--class-map"].flatMap(
    (option) =>
      [
        ["input file", but(train, option)],
        ["input file", but(fold, option)],
      ] as const,
  ),
  ...["--metadata", "--curation", "--class-map"].flatMap(
    (option) =>
      [
        ["input file", but(evaluate, option)],
        ["input file", but(compare, option)],
      ] as const,
  ),
  ["input file", but(audit, "--metadata")],
  ["input file", but(audit, "--mapping")],
  ["input file", but(audit, "--curation")],
  ["input file", but(curate, "--metadata")],
  ["input file", but(curate, "--mapping")],
  ["input file", but(show, "--curation")],
  ["input file", but(study, "--metadata")],
  ["image", ["predict", "run", bad]],
  ["input file", ["predict", `${bad}.onnx`, "image.jpg"]],
  ["input file", ["evaluate", `${bad}.onnx`, ...data]],
  ["input file", ["compare", "run", `${bad}.onnx`, ...data]],
  ...[train, fold, evaluate, compare, audit, curate, show, study].map(
    (command) => ["input folder", but(command, "--data")] as const,
  ),
  ["input folder", ["train", "--resume", bad]],
  ["input folder", ["train", "--resume", "run", "--data", bad]],
  ["input folder", ["watch", bad]],
  ["input folder", ["predict", bad, "image.jpg"]],
  ["input folder", ["evaluate", bad, ...data]],
  ["input folder", ["compare", "run", bad, ...data]],
  ...[train, fold, audit, show, study].map((command) => ["output folder", but(command, "--out")] as const),
  ...[train, fold, evaluate, compare, audit, curate, study].map(
    (command) => ["output folder", but(command, "--cache")] as const,
  ),
  ["output folder", ["data", "phantom", "--images", "18", "--size", "8", "--out", bad]],
  ["output folder", ["data", "isic9", "--archive", "http://127.0.0.1:9", "--out", bad]],
  ["output file", but(curate, "--out")],
  ["file to replace", [...but(curate, "--out"), "--overwrite"]],
  ["file to replace", but(network, "--svg")],
  ["file to replace", but(network, "--write")],
  ["input file", network.with(1, `${bad}.json`)],
];

/** What takes long says before its work that its result could not be written. */
it.each([
  [audit, "--out"],
  [show, "--out"],
  [curate, "--out"],
])("%j reads no data where its result has no place", async (command, option) => {
  const argv = but(command.with(command.indexOf("--data") + 1, "missing"), option);
  for (const place of [inFolder("image.jpg", "new"), inFolder("image.jpg", "new", "below")]) {
    const { status, error } = await naevus(argv.map((word) => (word === bad ? place : word)));
    expect({ status, error }).toEqual({
      status: 1,
      error: expect.stringContaining(`naevus: ${place}: could not be written: `),
    });
  }
});

/** Works as a user who may not do everything, as the superuser may. */
async function asUser<T>(work: () => Promise<T>): Promise<T> {
  const superuser = process.geteuid!() === 0;
  if (superuser) process.seteuid!(65534);
  try {
    return await work();
  } finally {
    if (superuser) process.seteuid!(0);
  }
}

/** All files and folders but the caches, which may keep what was found. */
const everything = async () =>
  (await readdir(folder, { recursive: true })).filter((path) => !path.startsWith("cache")).sort();

beforeAll(async () => {
  await chmod(folder, 0o777);
  process.chdir(folder);
  process.env.XDG_CACHE_HOME = inFolder("cache");
  await mkdir("cache", { mode: 0o777 });
  expect(await naevus(["data", "phantom", "--out", "data", "--images", "24", "--size", "16"])).toMatchObject({
    status: 0,
  });
  expect(await naevus([...train.slice(0, -1), "run"])).toMatchObject({ status: 0 });
  await cp(
    join("data", (await readdir("data", { recursive: true })).find((name) => name.endsWith(".jpg"))!),
    "image.jpg",
  );
  expect(spawnSync("chmod", ["-R", "a+rwX", folder]).status).toBe(0);
});
afterAll(() => {
  process.chdir(tmpdir());
});

const isCode = /\b(E[A-Z]{3,}|ERR_\w+)\b|no such file or directory|operation not permitted/;

/** Remarks on the data may stand above, and below figures what they are for; an image that `predict` passes over is no end. */
function expectSentence(error: string, path: string) {
  const lines = error.split("\n");
  const sentences = lines.filter((line) => line.startsWith("naevus: ") || line.startsWith(path));
  expect(sentences, error).toHaveLength(1);
  expect(sentences[0]).toContain(path);
  expect(sentences[0]).toMatch(/(?:; |, )[^;,]+$/);
  expect(error).not.toMatch(isCode);
}

describe.skipIf(process.seteuid === undefined)("a path that leads nowhere", () => {
  for (const [role, command] of table) {
    it.each(roles[role]!)(`${command.join(" ")}: %s`, async (kind) => {
      const word = command.find((one) => one.startsWith(bad))!;
      await mkdir("bad", { mode: 0o777 });
      try {
        const path = await kinds[kind](inFolder("bad", word.replace(bad, "path")));
        const before = await everything();
        const argv = command.map((one) => (one === word ? path : one));
        const { status, error } = await (kind === "without permission" ? asUser(() => naevus(argv)) : naevus(argv));
        expectSentence(error, path);
        expect(status).toBe(1);
        expect(await everything()).toEqual(before);
      } finally {
        await chmod(inFolder("bad", word.replace(bad, "path")), 0o700).catch(() => undefined);
        await rm("bad", { recursive: true });
        await rm("new", { recursive: true, force: true });
        await rm("new.csv", { force: true });
      }
    });
  }
});

describe.skipIf(process.seteuid === undefined)("a run", () => {
  const spoilt: Readonly<Record<string, readonly Kind[]>> = {
    "config.json": ["a folder", "a circle of links", "a pipe", "without permission"],
    "local.json": ["a folder", "a circle of links", "a pipe", "without permission"],
    "images.csv": ["a folder", "a circle of links", "a broken link", "a pipe", "without permission"],
    "metrics.jsonl": ["a folder", "a circle of links", "a pipe", "without permission"],
    "checkpoint.safetensors": ["a folder", "a circle of links", "a pipe", "without permission"],
    "model.onnx": ["a folder", "a circle of links", "a broken link", "a pipe", "without permission"],
  };
  const readers: readonly (readonly [command: readonly string[], reads: readonly string[]])[] = [
    [
      ["train", "--resume", "spoilt"],
      ["config.json", "local.json", "images.csv", "checkpoint.safetensors"],
    ],
    [
      ["evaluate", "spoilt", ...data],
      ["config.json", "images.csv", "model.onnx"],
    ],
    [
      ["predict", "spoilt", "image.jpg"],
      ["images.csv", "model.onnx"],
    ],
    [
      ["watch", "spoilt"],
      ["config.json", "metrics.jsonl"],
    ],
  ];
  for (const [command, reads] of readers) {
    for (const file of reads) {
      it.each(spoilt[file]!)(`${command.join(" ")}, where ${file} is %s`, async (kind) => {
        await cp("run", "spoilt", { recursive: true });
        const path = inFolder("spoilt", file);
        try {
          if (kind === "without permission") await chmod(path, 0o000);
          else {
            await rm(path);
            await kinds[kind](path);
          }
          const before = await everything();
          const { status, error } = await (kind === "without permission"
            ? asUser(() => naevus(command))
            : naevus(command));
          expect(status).toBe(1);
          expectSentence(error, path);
          expect(await everything()).toEqual(before);
        } finally {
          await rm("spoilt", { recursive: true });
        }
      });
    }
  }
});
