/** Memory for code, in a process of its own: V8's compiler, which is off there, has memory that is writable and executable at once. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compileModule } from "../../../testing/compiled.ts";
import { temporaryFolder } from "../../../testing/temporary-folder.ts";

const folder = temporaryFolder();
const onLinux = process.platform === "linux" && process.arch === "x64";

const program = `
  import { readFileSync } from "node:fs";
  import { executableMemory } from "./engine/onednn/library/executable-memory.js";
  const place = executableMemory();
  const mappings = () => readFileSync("/proc/self/maps", "utf8").trim().split("\\n").map((line) => {
    const [, from, to, protection] = /^([0-9a-f]+)-([0-9a-f]+) (\\S+)/.exec(line);
    return { from: BigInt("0x" + from), to: BigInt("0x" + to), protection };
  });
  const writable = [];
  const held = [1, 4096, 5000].map((length) => {
    const address = place(new Uint8Array(length).fill(0xc3));
    const found = mappings();
    writable.push(...found.filter(({ protection }) => /^.wx/.test(protection)).map(({ protection }) => protection));
    const end = address + BigInt(length);
    return found.filter(({ from, to }) => from <= address && end <= to).map(({ protection }) => protection);
  });
  console.log(JSON.stringify({ held, writable }));
`;

describe.skipIf(!onLinux)("memory for code (skipped except on Linux on x86-64)", () => {
  test("is executable and not writable, and no other memory of the process is both", () => {
    compileModule("engine/onednn/library/executable-memory.ts", folder);
    const file = join(folder, "out/main.js");
    writeFileSync(file, program);
    // Some versions say on standard error that WebAssembly is off too, as it should be.
    const { stdout, stderr, status } = spawnSync(process.execPath, ["--jitless", file], {
      encoding: "utf8",
      timeout: 50_000,
    });
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ held: [["r-xp"], ["r-xp"], ["r-xp"]], writable: [] });
  });
});
