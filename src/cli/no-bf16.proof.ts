/** What a processor without bf16 says when it is asked for it, imitated by a limit on oneDNN's instruction set. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { onednnEngines, onednnMissing } from "../engine/testing/engines-under-test.ts";
import { compileModule } from "../testing/compiled.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";

const folder = temporaryFolder();
const [data, program] = [join(folder, "data"), join(folder, "naevus.mjs")];
const hasBf16 = onednnEngines.some(({ precision }) => precision === "bf16");
const missing = onednnMissing || (hasBf16 ? "" : " (skipped: this processor has no bf16 that could be taken away)");
const limited = { ONEDNN_MAX_CPU_ISA: "AVX2", DNNL_MAX_CPU_ISA: "AVX2" };
const refusal =
  /^naevus: precision bf16: oneDNN .* computes in f32 alone on this processor \(instruction set: AVX2\); choose f32, or auto/m;

function naevus(environment: NodeJS.ProcessEnv, ...args: readonly string[]): SpawnSyncReturns<string> {
  const env = { ...process.env, NO_COLOR: "1", ...environment };
  return spawnSync(process.execPath, [program, ...args], { encoding: "utf8", cwd: folder, env });
}

const train = (environment: NodeJS.ProcessEnv, run: string, ...args: readonly string[]) =>
  naevus(
    environment,
    "train",
    "--data",
    data,
    "--image-size",
    "16",
    "--epochs",
    "1",
    "--cache",
    "cache",
    ...args,
    "--out",
    run,
  );

describe.skipIf(missing !== "")(`a processor without bf16${missing}`, () => {
  beforeAll(async () => {
    compileModule("cli/main.ts", folder);
    cpSync(resolve(import.meta.dirname, "../../package.json"), join(folder, "package.json"));
    writeFileSync(
      program,
      'import { main } from "./out/cli/main.js"; process.exitCode = await main(process.argv.slice(2));',
    );
    await writePhantomDataset(data, { images: 48, size: 16, seed: 2 });
  }, 240_000);

  test("training, profiling and a study refuse it before they write, and say what to choose", () => {
    const asked = train(limited, "refused", "--precision", "bf16");
    expect(asked).toMatchObject({ status: 1, stderr: expect.stringMatching(refusal) });
    expect(existsSync(join(folder, "refused"))).toBe(false);
    for (const args of [
      ["profile", "--precision", "bf16"],
      ["study", "--data", data, "--precision", "bf16", "--out", "study"],
    ]) {
      expect(naevus(limited, ...args), args[0]).toMatchObject({ status: 1, stderr: expect.stringMatching(refusal) });
    }
  }, 240_000);

  test("auto takes f32, and doctor says so", () => {
    expect(train(limited, "auto")).toMatchObject({ status: 0, stdout: expect.stringMatching(/; f32 on oneDNN/) });
    expect(naevus(limited, "doctor").stdout).toMatch(
      /^precision: +f32 by default; bf16 cannot be had on this processor$/m,
    );
  }, 240_000);

  test("a run in bf16 from elsewhere is not resumed, and stays as it was", () => {
    expect(train({}, "elsewhere", "--precision", "bf16").status).toBe(0);
    const resumed = naevus(limited, "train", "--resume", "elsewhere");
    expect(resumed.status).toBe(1);
    expect(resumed.stderr).toMatch(
      /elsewhere: the run computes in bf16, which oneDNN .*; resume it on one that has, or train anew/,
    );
    expect(naevus({}, "train", "--resume", "elsewhere").status).toBe(0);
  }, 240_000);
});
