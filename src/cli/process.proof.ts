/** The command as a process: killed at any moment, interrupted, and its exit status at the end. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { onednnMissing } from "../engine/testing/engines-under-test.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import { Random } from "../random.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = temporaryFolder();
const data = join(folder, "data");
const program = join(folder, "naevus.mjs");
/** The same, but it gets Ctrl-C just when it tells of its first epoch, however late this process would come to send one. */
const interruptedProgram = join(folder, "interrupted.mjs");
/** The fast engine takes more epochs, so that there is time for the kills. */
const epochs: Readonly<Record<string, number>> = { reference: 12, onednn: 40 };
/** Processes that share the machine with others take long; nothing here depends on how long. */
const timeout = 240_000;

/** Node 20 runs no TypeScript, so that the processes need it compiled. */
function compile(): void {
  const args = ["--project", join(root, "tsconfig.build.json"), "--outDir", join(folder, "dist")];
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...args], { encoding: "utf8", cwd: root });
  if (status !== 0) throw new Error(`the TypeScript compiler failed: ${stdout}`);
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  const start = `import { main } from "./dist/cli/main.js";
    process.exitCode = await main(process.argv.slice(2));`;
  writeFileSync(program, start);
  writeFileSync(
    interruptedProgram,
    `const write = process.stdout.write;
     process.stdout.write = function (text, ...others) {
       if (text.startsWith("epoch")) {
         process.stdout.write = write;
         process.kill(process.pid, "SIGINT");
       }
       return write.call(this, text, ...others);
     };
     ${start}`,
  );
}

beforeAll(async () => {
  compile();
  await writePhantomDataset(data, { images: 48, size: 16, seed: 2 });
}, timeout);

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error: string;
}

/** Starts the command; `onLine` sees standard output as it comes. */
async function naevus(argv: readonly string[], onLine?: (line: string, child: ChildProcess) => void): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...argv], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  createInterface({ input: child.stdout }).on("line", (line) => onLine?.(line, child));
  let error = "";
  child.stderr.on("data", (text) => {
    error += text;
  });
  return new Promise((done) => child.on("close", (status, signal) => done({ status, signal, error })));
}

const commandFor = (engine: string, run: string): string[] =>
  `train --data ${data} --image-size 16 --batch 8 --epochs ${epochs[engine]} --engine ${engine} --out ${run} --cache ${folder}/cache`.split(
    " ",
  );

/** Final weights and optimizer state, bit for bit, and the losses on the way. */
async function outcome(run: string) {
  const { tensors } = readSafetensors(await readFile(join(run, "checkpoint.safetensors")));
  return {
    model: (await readFile(join(run, "model.onnx"))).toString("base64"),
    tensors: [...tensors].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString("base64")]),
    losses: readFileSync(join(run, "metrics.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => [JSON.parse(line).epoch, JSON.parse(line).loss]),
  };
}

describe.each(["reference", "onednn"])("%s", { timeout }, (engine) => {
  const skipped = engine === "onednn" && onednnMissing !== "";
  const whole = join(folder, `${engine}-whole`);

  it.skipIf(skipped)(`ends with status 0${skipped ? onednnMissing : ""}`, async () => {
    const { status, signal, error } = await naevus(commandFor(engine, whole));
    expect({ status, signal }, error).toEqual({ status: 0, signal: null });
  });

  it.skipIf(skipped)("gives the same weights after kill -9 at any moment", async () => {
    const run = join(folder, `${engine}-killed`);
    const seed = Date.now();
    const random = Random.of(seed);
    // In turn: while starting, then some milliseconds after an epoch's line, in the middle of a step or of a write.
    const starting = () => pause(random.integer(600));
    const later = () => pause(random.integer(25));
    let killed = 0;
    while (killed < 5) {
      const moment = killed === 0 ? starting : later;
      const begun = existsSync(join(run, "config.json"));
      const argv = begun ? ["train", "--resume", run] : [...commandFor(engine, run), "--checkpoint-seconds", "0.001"];
      let waiting = false;
      const kill = (child: ChildProcess) => {
        if (waiting) return;
        waiting = true;
        void moment().then(() => child.kill("SIGKILL"));
      };
      const early = moment === starting;
      const child = naevus(argv, (line, process) => {
        if (early || line.startsWith("epoch")) kill(process);
      });
      const { status, signal, error } = await child;
      expect(signal ?? status, error).toBeOneOf(["SIGKILL", 0]);
      if (signal === "SIGKILL") killed++;
      // It ended before it could be killed, and is begun anew.
      else await rm(run, { recursive: true });
    }
    const { status, error } = await naevus(["train", "--resume", run]);
    expect(status, error).toBe(0);
    expect(await outcome(run), `moments drawn from the seed ${seed}`).toEqual(await outcome(whole));
  });

  it.skipIf(skipped)("saves on Ctrl-C and says how to go on", async () => {
    const run = join(folder, `${engine} interrupted's`);
    const command = commandFor(engine, "RUN").map((word) => (word === "RUN" ? run : word));
    const { status: stopped, stderr } = spawnSync(process.execPath, [interruptedProgram, ...command], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(stopped, stderr).toBe(130);
    const [, advice] = /Go on with:\n {2}npx naevus (.+)/.exec(stderr) ?? [];
    expect(advice).toBe(`train --resume '${run.replace("'", "'\\''")}'`);
    expect(existsSync(join(run, "model.onnx"))).toBe(false);
    const { status } = spawnSync("sh", ["-c", `"$0" "$1" ${advice}`, process.execPath, program], { cwd: folder });
    expect(status).toBe(0);
    expect(await outcome(run)).toEqual(await outcome(whole));
  });
});

it("says that the disk is full and how to go on, with status 1", { timeout }, async () => {
  const command = commandFor("reference", join(folder, "full")).map((word) => `'${word}'`);
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", `ulimit -f 300; exec "$0" "$1" ${command.join(" ")}`, process.execPath, program],
    { cwd: folder, encoding: "utf8" },
  );
  expect(stderr).toMatch(/naevus: .*checkpoint\.safetensors: could not be written: the file is larger than the limit/);
  expect(stderr).toContain(`Go on with:\n    npx naevus train --resume ${join(folder, "full")}`);
  expect(status).toBe(1);
});

describe("output that cannot be written does not end the work", { timeout }, () => {
  const short = (run: string) => [...commandFor("reference", join(folder, run)), "--epochs", "1"];

  it.skipIf(!existsSync("/dev/full"))("a full disk is told in one sentence, with status 1", () => {
    const command = short("unprinted").map((word) => `'${word}'`);
    const { status, stderr } = spawnSync(
      "sh",
      ["-c", `"$0" "$1" ${command.join(" ")} > /dev/full`, process.execPath, program],
      { cwd: folder, encoding: "utf8" },
    );
    expect(stderr.split("\n").filter((line) => !line.startsWith("Train/"))).toEqual([
      "naevus: standard output: could not be written: the disk is full; make room and try again",
      "",
    ]);
    expect(status).toBe(1);
    expect(existsSync(join(folder, "unprinted", "evaluation.json"))).toBe(true);
  });

  it("a reader that closes the pipes is no error", async () => {
    const child = spawn(process.execPath, [program, ...short("unread"), "--json"], { cwd: folder });
    child.stdout.destroy();
    child.stderr.destroy();
    expect(await new Promise((done) => child.on("close", done))).toBe(0);
    expect(existsSync(join(folder, "unread", "evaluation.json"))).toBe(true);
  });
});
