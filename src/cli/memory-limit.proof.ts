/** What commands say where memory, or addresses for it, cannot be had, and what they leave behind. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { compileModule } from "../testing/compiled.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";

const folder = temporaryFolder();
const program = join(folder, "naevus.mjs");
const common = ["--data", "data", "--engine", "reference", "--network", "notebook", "--epochs", "1", "--batch", "4"];

/** Runs Node with a limit on its addresses, in KiB. */
function node(limit: number | "unlimited", ...args: readonly string[]): SpawnSyncReturns<string> {
  const line = `ulimit -v ${limit}; exec "$@"`;
  return spawnSync("sh", ["-c", line, "sh", process.execPath, ...args], { encoding: "utf8", cwd: folder });
}

const naevus = (limit: number | "unlimited", ...args: readonly string[]) => node(limit, program, ...args);

describe.skipIf(process.platform !== "linux")("a limit on addresses (ulimit -v)", () => {
  beforeAll(async () => {
    compileModule("cli/main.ts", folder);
    cpSync(resolve(import.meta.dirname, "../../package.json"), join(folder, "package.json"));
    const start = "process.exitCode = await main(process.argv.slice(2));";
    writeFileSync(program, `import { main } from "./out/cli/main.js"; ${start}`);
    await writePhantomDataset(join(folder, "data"), { images: 48, size: 16, seed: 2 });
  }, 240_000);

  test("training says how much it wanted and what to do, and the same command works once there is room", () => {
    const train = ["train", ...common, "--image-size", "16", "--cache", "cache", "--out", "run"];
    // Node itself takes a part of it; before version 24, one WebAssembly memory does not fit into the rest.
    const limit = 8 * 2 ** 20;
    const fits = node(limit, "--eval", "new WebAssembly.Memory({ initial: 16 })").status === 0;
    const limited = naevus(limit, ...train);
    if (fits) {
      expect(limited.status).toBe(0);
      rmSync(join(folder, "run"), { recursive: true });
    } else {
      expect(limited.stderr).toMatch(
        /^naevus: a WebAssembly memory of 1 MiB got no memory \(.*\); limit the process's memory by a cgroup .*--disable-wasm-trap-handler/m,
      );
      expect(limited.status).toBe(1);
      expect(readdirSync(folder)).not.toContain("run");
    }
    expect(naevus("unlimited", ...train).status).toBe(0);
    expect(existsSync(join(folder, "run/model.onnx"))).toBe(true);
  }, 240_000);

  test("a training that fails in its first epoch leaves no run either", () => {
    const train = [
      "train",
      ...common,
      "--image-size",
      "16",
      "--cache",
      "cache",
      "--out",
      "diverged",
      "--optimizer",
      "sgd",
    ];
    const failed = naevus("unlimited", ...train, "--learning-rate", "100", "--warmup-epochs", "0");
    expect(failed.stderr).toMatch(/^naevus: .* in epoch 1, step \d+; train again with a lower learning rate/m);
    expect(readdirSync(folder)).not.toContain("diverged");
    expect(naevus("unlimited", ...train).status).toBe(0);
  }, 240_000);
});
